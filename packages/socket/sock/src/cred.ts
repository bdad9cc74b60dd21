/** Who a task is: credentials belong to a user namespace, so they live with the namespaces. */
export { Cred, type CredOptions } from '@skbuff/namespaces';
