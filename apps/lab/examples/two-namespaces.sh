#!/bin/bash
# Two namespaces with a router between them: as root on a Linux machine, or anywhere under `skbuff run -- bash two-namespaces.sh`.
set -e

for ns in left router right; do ip netns add $ns; done
trap 'for ns in left router right; do ip netns del $ns; done' EXIT

ip link add eth0 netns left type veth peer name west netns router
ip link add eth0 netns right type veth peer name east netns router

ip -n left addr add 10.0.1.2/24 dev eth0
ip -n right addr add 10.0.2.2/24 dev eth0
ip -n router addr add 10.0.1.1/24 dev west
ip -n router addr add 10.0.2.1/24 dev east

ip -n left link set eth0 up
ip -n right link set eth0 up
ip -n router link set west up
ip -n router link set east up

ip -n left route add default via 10.0.1.1
ip -n right route add default via 10.0.2.1
ip netns exec router sysctl -q -w net.ipv4.ip_forward=1

ip netns exec left ping -c 2 -i 0.2 10.0.2.2
ip -n router -s neigh
