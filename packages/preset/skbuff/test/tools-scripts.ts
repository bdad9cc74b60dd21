/**
 * What the tests of ping, arping, tracepath and traceroute run, on host a of the lab. Groups are parted by empty lines; the lines of one
 * group follow each other on the same lab. `@r …` is done on r and not compared.
 */

export const PING = `
ping -c 2 -i 0.3 10.0.3.2
ping -n -c 2 -i 0.3 10.0.3.2
ping -c 1 bob
ping -n -c 1 bob
ping -c 1 127.0.0.1
ping -c 1 localhost
ping -c 1 0
ping -c 1 10.0.1.2

ping -q -c 3 -i 0.2 10.0.3.2
ping -c 1 -s 0 10.0.3.2
ping -c 1 -s 15 10.0.3.2
ping -c 1 -s 16 10.0.3.2
ping -c 1 -s 1000 10.0.3.2
ping -c 1 -s 3000 10.0.1.1
ping -c 1 -s 65507 10.0.1.1
ping -c 1 -s 65508 10.0.1.1
ping -c 1 -s 70000 10.0.1.1

ping -c 1 -v 10.0.3.2
ping -c 1 -v -4 bob
ping -c 1 -v -n -e 77 10.0.3.2
ping -c 1 -e 77 10.0.3.2
ping -c 1 -D 10.0.3.2
ping -c 1 -a 10.0.3.2
ping -c 1 -U 10.0.3.2
ping -c 1 -B 10.0.3.2
ping -c 1 -d 10.0.3.2
ping -c 1 -C 10.0.3.2
ping -c 1 -r 10.0.1.1
ping -c 1 -r 10.0.3.2

ping -c 1 -p ff 10.0.3.2
ping -c 1 -p 0a1b2c 10.0.3.2
ping -c 1 -p a 10.0.3.2
ping -c 1 -p 00112233445566778899aabbccddeeff00 10.0.3.2
ping -p xyz 10.0.3.2

ping -c 1 -Q 0x10 10.0.3.2
ping -c 1 -Q 16 10.0.3.2
ping -c 1 -Q 256 10.0.3.2
ping -c 1 -Q x 10.0.3.2
ping -c 1 -m 5 10.0.3.2
ping -c 1 -S 4000 10.0.3.2

ping -c 1 -I eth0 10.0.3.2
ping -c 1 -I 10.0.1.2 10.0.3.2
ping -c 1 -I eth0 -I 10.0.1.2 10.0.3.2
ping -c 1 -I lo 10.0.1.2
ping -c 1 -W 0.3 -I lo 10.0.3.2
ping -c 1 -I nodev 10.0.3.2
ping -c 1 -I 9.9.9.9 10.0.3.2
ping -c 1 -I averylongdevicename 10.0.3.2

ping -c 1 -t 1 10.0.3.2
ping -c 1 -t 2 10.0.3.2
ping -c 1 -t 3 10.0.3.2
ping -c 1 -n -v -t 1 10.0.3.2
ping -c 1 -t 0 10.0.3.2
ping -c 1 -t 256 10.0.3.2
ping -q -c 1 -t 1 10.0.3.2
ping -f -c 2 -t 1 10.0.3.2
ping -D -c 1 -t 1 10.0.3.2

ping -c 1 10.4.0.1

ping -c 1 -v 10.5.0.1

ping -c 1 10.99.0.1

ping -c 2 -W 0.5 -i 0.2 10.6.0.1
ping -c 3 -i 0.2 -O -W 0.3 10.6.0.1
ping -w 1 10.6.0.1
ping -w 1 -c 5 -i 0.3 10.0.3.2
ping -w 2 -c 1 10.0.3.2
ping -w 5 -c 2 -i 0.3 10.0.3.2
ping -c 1 -W 0 10.0.3.2

ping -c 1 10.0.1.77

ping -c 3 -i 0.3 10.0.1.77

ping -c 1 10.8.0.1

ping -c 1 10.7.0.1

ping -v -c 1 10.7.0.1

ping -n -q -c 1 10.7.0.1

ping -c 1 10.10.0.1
ping -c 1 -t 7 10.10.0.1

ping -c 2 -i 0.3 -s 1400 -M do 10.0.3.2

ping -c 2 -i 0.3 -s 1400 -M want 10.0.3.2

ping -c 2 -i 0.3 -s 1400 -M dont 10.0.3.2

ping -c 1 -s 1500 -M do 10.0.1.1
ping -q -c 1 -s 1500 -M do 10.0.1.1
ping -f -c 1 -s 1500 -M do 10.0.1.1
ping -c 2 -i 0.2 -s 1473 -M do 10.0.1.1
ping -c 1 -s 1472 -M do 10.0.1.1
ping -c 1 -M foo 10.0.1.1

ping -c 3 -i 0.3 -s 1400 10.0.3.2

ping -c 1 -R 10.0.3.2
ping -c 3 -i 0.2 -R 10.0.3.2
ping -c 1 -R -n -v 10.0.1.1
ping -q -c 1 -R 10.0.3.2
ping -c 1 -R 127.0.0.1

ping -c 1 -T tsonly 10.0.3.2
ping -c 2 -i 0.2 -T tsandaddr 10.0.3.2
ping -c 1 -T tsandaddr 10.0.1.1
ping -c 1 -n -T tsprespec 10.0.2.2 10.0.3.2 10.0.3.2
ping -c 1 -T foo 10.0.3.2
ping -c 1 -R -T tsonly 10.0.3.2

ping -c 1 10.0.1.1 10.0.3.2
ping -c 1 10.0.1.1 10.0.2.2 10.0.3.2
ping -c 1 -n 10.0.2.2 10.0.1.1 10.0.2.2 10.0.3.2
ping -c 1 -R 10.0.1.1 10.0.3.2

ping -b -c 1 10.0.1.255
ping -c 1 10.0.1.255
ping -b -c 2 -i 1 -n 10.0.1.255
ping -c 1 -W 0.3 224.0.0.1
ping -c 2 -n 224.0.0.1
ping -c 1 -W 0.3 -L 224.0.0.1
ping -c 1 -t 1 -I eth0 -W 0.3 224.0.0.1
ping -c 1 -W 0.3 255.255.255.255
ping -b -c 1 -W 0.3 255.255.255.255

ping -f -c 3 10.0.3.2
ping -f -q -c 50 10.0.3.2
ping -l 3 -c 3 -q 10.0.3.2
ping -l 3 -c 3 10.0.1.1
ping -A -c 5 -q 10.0.3.2
ping -A -c 3 10.0.1.1
ping -c 1 -l 65537 10.0.3.2
ping -c 1 -l 0 10.0.3.2

ping
ping -h
ping -V
ping -c 1 -z 10.0.3.2
ping -c
ping -c 0 10.0.3.2
ping -c x 10.0.3.2
ping -i x -c 1 10.0.3.2
ping -c 1 -i -1 10.0.3.2
ping -i 0.1x -c 1 10.0.3.2
ping -c 1 -i 1e9 10.0.3.2
ping -c 1 -W -1 10.0.3.2
ping -c 1 -w -1 10.0.3.2
ping -c 1 -s -1 10.0.3.2
ping -c 1 -s x 10.0.3.2
ping -c 1 -S 0 10.0.3.2
ping -c 1 -m -1 10.0.3.2
ping -c 1 -e 65536 10.0.3.2
ping -c 1 -t -1 10.0.3.2
ping -c 1 -4 -6 10.0.3.2
ping -c 1 -6 10.0.3.2
ping -c 1 -4 ::1
ping nosuch
ping 10.0.3.256
ping -F 5 -c 1 10.0.3.2
ping -c 1 -N help 10.0.3.2
ping -c 1 1.2.3.4.5
ping -c 1 -I 10.0.1.2 -b 10.0.1.255
ping -c 1 10.0.3.2 nosuch

@a sysctl -q -w net.ipv4.ping_group_range=0\t1000
ping -c 1 10.0.3.2
ping -v -c 1 10.0.3.2
ping -c 1 -t 1 10.0.3.2
ping -v -c 1 -t 2 10.0.3.2
ping -c 1 -R 10.0.3.2
ping -c 1 -T tsonly 10.0.3.2
ping -c 1 -e 77 10.0.3.2
ping -c 1 -e 0 10.0.3.2
ping -c 1 -v 10.7.0.1
ping -b -c 1 10.0.1.255
ping -c 1 -I lo 10.0.1.2
ping -c 2 -i 0.3 -s 1400 -M do 10.0.3.2

@a ip route del default
ping -c 1 10.0.3.2
ping -c 1 -I eth0 10.0.3.2
ping -c 1 -I 10.0.1.2 10.0.3.2
ping -c 1 224.0.0.1

@a ip route add unreachable 10.20.0.0/16
@a ip route add prohibit 10.21.0.0/16
@a ip route add blackhole 10.22.0.0/16
ping -c 1 10.20.0.1
ping -c 1 10.21.0.1
ping -c 1 10.22.0.1
ping -c 1 -I 10.0.1.2 10.20.0.1
ping -c 1 -I 10.0.1.2 10.21.0.1
ping -c 2 -i 0.2 -I 10.0.1.2 10.22.0.1
`;

/** Each waits for its seconds; one line of a group leaves nothing behind that the next would see. */
export const ARPING = `
arping

arping -A -c 1 10.0.1.2
arping -A -c 2 -I eth0 10.0.1.2

arping -A -q -c 1 -I eth0 10.0.1.2
arping -D -U -c 1 -I eth0 10.0.1.2

arping -D -c 1 -I eth0 10.0.1.2
arping -D -c 1 -s 10.0.1.2 -I eth0 10.0.1.1

arping -D -c 1 10.0.1.77
arping -D -c 2 -I eth0 10.0.1.1

arping -D -c 2 -I eth0 10.0.1.77
arping -D -f -w 2 -I eth0 10.0.1.77

arping -D -q -c 1 -I eth0 10.0.1.1
arping -D -w 1 -I eth0 10.0.1.77

arping -D -w 2 -I eth0 10.0.1.1
arping -I eth0 nosuch

arping -U -c 1 -I eth0 -s 10.0.1.2 10.0.1.1
arping -U -c 1 -I eth0 10.0.1.1

arping -U -c 2 -I eth0 10.0.1.2
arping -U -w 1 -I eth0 10.0.1.2

arping -V
arping -b -c 1 -I eth0 10.0.1.1

arping -b -c 2 -I eth0 10.0.1.1
arping -c

arping -c 0 -I eth0 10.0.1.1
arping -c 1 -I eth0 0.0.0.0

arping -c 1 -I eth0 10.0.1.1 10.0.1.2
arping -c 1 -I eth0 10.0.1.2

arping -c 1 -I eth0 10.0.1.255
arping -c 1 -I eth0 10.0.3.2

arping -c 1 -I eth0 224.0.0.1
arping -c 1 -I eth0 255.255.255.255

arping -c 1 -I lo 127.0.0.1
arping -c 1 -I nodev 10.0.1.1

arping -c 1 -i 2 -I eth0 10.0.1.77
arping -c 1 -s 10.0.1.2 -I eth0 10.0.1.1

arping -c 1 -s 10.0.1.2 10.0.1.77
arping -c 1 -s 9.9.9.9 -I eth0 10.0.1.1

arping -c 1 -s x -I eth0 10.0.1.1
arping -c 1 10.0.3.2

arping -c 1 127.0.0.1
arping -c 1 9.9.9.9

arping -c 2 -I eth0 10.0.1.1
arping -c 2 -I eth0 10.0.1.77

arping -c 2 -b -I eth0 10.0.1.1
arping -c 2 -f -I eth0 10.0.1.77

arping -c 2 -w 1 -I eth0 10.0.1.77
arping -c 2 10.0.1.1

arping -c 3 -i 2 -I eth0 10.0.1.1
arping -c 3 -w 1 -I eth0 10.0.1.1

arping -c x -I eth0 10.0.1.1
arping -f -I eth0 10.0.1.1

arping -f -c 5 -q -I eth0 10.0.1.77
arping -f -w 2 -I eth0 10.0.1.77

arping -i -1 -I eth0 10.0.1.1
arping -i x -I eth0 10.0.1.1

arping -q -c 1 -I eth0 10.0.1.1
arping -w 0 -c 1 -I eth0 10.0.1.1

arping -w 1.5 -I eth0 10.0.1.77
arping -w 2 -I eth0 10.0.1.1

arping -w 2 -I eth0 10.0.1.77
arping -w 2 -c 1 -I eth0 10.0.1.1

arping -x
`;

export const TRACEPATH = `
tracepath -4 -n 10.0.3.2
tracepath -6 -n 10.0.3.2
tracepath -n -l 1300 10.0.3.2
tracepath -n -l 500 10.0.3.2
tracepath -n -l 28 10.0.3.2
tracepath -n -l 27 10.0.3.2
tracepath -n -l 70000 10.0.3.2
tracepath -n -l x 10.0.3.2
tracepath -n -m 2 10.0.3.2
tracepath -n -m 1 10.0.3.2
tracepath -n -m 0 10.0.3.2
tracepath -n -m 256 10.0.3.2
tracepath -n -m 6 10.10.0.1
tracepath -n -p 5000 10.0.3.2
tracepath -n -p 0 10.0.3.2
tracepath -n -p 65536 10.0.3.2
tracepath -n 10.0.3.2/5000
tracepath -n 127.0.0.1
tracepath -n 10.0.1.1
tracepath -n 10.0.1.2
tracepath -V
tracepath
tracepath -x
tracepath -p
tracepath nosuch
tracepath 10.0.3.2 5

tracepath -n -p 80 -l 100 10.0.3.2
tracepath -n 224.0.0.1 -m 2
tracepath -n 10.0.1.255 -m 2

tracepath 10.0.3.2

tracepath -n 10.0.3.2

tracepath -b 10.0.3.2

tracepath bob

tracepath -b bob

tracepath -n -m 3 10.6.0.1

tracepath -n 10.4.0.1

tracepath -n 10.5.0.1

tracepath -n 10.99.0.1

tracepath -n 10.0.1.77
`;

export const TRACEROUTE = `
traceroute -T -n -m 1 10.0.3.2
traceroute -T -O foo 10.0.3.2
traceroute -T -O mss 10.0.3.2
traceroute -T -O mss=x 10.0.3.2
traceroute -T -O syn=1 10.0.3.2
traceroute -T -O help 10.0.3.2
traceroute -T -O ack,mss=500 -n -m 1 10.0.3.2
traceroute -T -O sack,timestamps -n -m 1 10.0.3.2
traceroute -T -n -m 1 --sport=5555 -p 443 10.0.3.2 100

traceroute 10.0.3.2
traceroute -n 10.0.3.2
traceroute -n -q 1 10.0.3.2
traceroute -n -q 10 -m 2 10.0.3.2
traceroute -n -I -w 3 10.0.3.2
traceroute bob
traceroute -n -f 2 10.0.3.2
traceroute -n -f 5 10.0.3.2
traceroute -n -p 40000 10.0.3.2
traceroute -n -s 10.0.1.2 10.0.3.2
traceroute -n -s 9.9.9.9 10.0.3.2
traceroute -n -i eth0 10.0.3.2
traceroute -n -i nodev 10.0.3.2
traceroute -n -g 10.0.2.2 10.0.3.2
traceroute -n -g 10.0.1.1,10.0.2.2 10.0.3.2
traceroute -n -t 16 10.0.3.2
traceroute -n -t 256 10.0.3.2
traceroute -n -e 10.0.3.2
traceroute -n -U 10.0.3.2
traceroute -n -U -p 5353 10.0.3.2
traceroute -n -d 10.0.3.2
traceroute -n -r 10.0.3.2
traceroute -n -r 10.0.1.1

traceroute -n -P 253 -w 1 10.0.3.2
traceroute -n -D -w 1 10.0.3.2
traceroute -n --back 10.0.3.2
traceroute -n 127.0.0.1
traceroute -n 10.0.1.1
traceroute -n 10.0.1.2
traceroute -V
traceroute
traceroute -m 0 10.0.3.2
traceroute -m 256 10.0.3.2
traceroute -f 0 10.0.3.2
traceroute -f 31 10.0.3.2
traceroute -q 0 10.0.3.2
traceroute -q 11 10.0.3.2
traceroute -w x 10.0.3.2
traceroute -w -1 10.0.3.2
traceroute -N x 10.0.3.2
traceroute -x 10.0.3.2
traceroute --foo 10.0.3.2
traceroute -m
traceroute nosuch
traceroute 10.0.3.2 x
traceroute 10.0.3.2 70000

traceroute 10.0.3.2 10
traceroute 10.0.3.2 50 60
traceroute -g x 10.0.3.2
traceroute -s x 10.0.3.2
traceroute -M foo 10.0.3.2
traceroute -O help 10.0.3.2
traceroute -I -w 3 -O help 10.0.3.2
traceroute -6 10.0.3.2
traceroute --sport=999 -n 10.0.3.2
traceroute --fwmark=5 -n 10.0.3.2
traceroute -n -I -w 3 -p 7 10.0.3.2
traceroute -n 224.0.0.1 -m 2 -w 1
traceroute -n 10.0.1.255 -m 2 -w 1
traceroute -n 10.0.3.2 28
traceroute -n -I -w 3 -O dgram 10.0.3.2
traceroute -n -I -w 3 -O raw 10.0.3.2
traceroute -n --icm 10.0.3.2
traceroute --m 5 10.0.3.2
traceroute --max-hops 2 -n 10.0.3.2
traceroute -n -w 0.5,0,0 10.0.3.2
traceroute -n -w 1/2/3 10.0.3.2
traceroute -n -z 20 -q 1 10.0.3.2
traceroute --port 5000 -n 10.0.3.2
traceroute -l 5 10.0.3.2

traceroute -nx 10.0.3.2
traceroute -nm 2 10.0.3.2
traceroute -nm2 10.0.3.2
traceroute -m2 -nI 10.0.3.2
traceroute --help
traceroute -z x 10.0.3.2
traceroute -z -1 10.0.3.2
traceroute -q x 10.0.3.2
traceroute -f x 10.0.3.2
traceroute -p x 10.0.3.2
traceroute -p 70000 -n 10.0.3.2
traceroute -p 65535 -n -q 1 10.0.3.2
traceroute -t x 10.0.3.2
traceroute -m 256 -f 300 10.0.3.2
traceroute -N 0 -n 10.0.3.2
traceroute -n -N 0 10.0.3.2
traceroute -q 0 -m 300 10.0.3.2
traceroute -w 1 -n 10.0.1.1
traceroute --wait=1 -n 10.0.1.1
traceroute -w 1,2 -n 10.0.1.1
traceroute -w 1,x -n 10.0.1.1
traceroute -I -w 3 -U -n 10.0.1.1
traceroute -I -I -w 3 -n 10.0.1.1

traceroute -i
traceroute -4 -6 10.0.1.1
traceroute -4 -n 10.0.1.1
traceroute -P foo 10.0.1.1
traceroute -O foo -n 10.0.1.1
traceroute -I -w 3 -O foo -n 10.0.1.1
traceroute -M icmp -w 3 -n 10.0.1.1
traceroute -M udp -n 10.0.1.1
traceroute -M raw -n 10.0.1.1
traceroute -g 10.0.1.1,10.0.1.1,10.0.1.1,10.0.1.1,10.0.1.1,10.0.1.1,10.0.1.1,10.0.1.1,10.0.1.1 10.0.3.2
traceroute -s 1.2.3 10.0.3.2
traceroute -n -- 10.0.1.1
traceroute -n 10.0.1.1 --
traceroute 10.0.1.1 -n
traceroute --queries=1 10.0.1.1 -n
traceroute --queries 1 10.0.1.1 -n
traceroute --sport=x 10.0.1.1
traceroute --fwmark=x 10.0.1.1
traceroute -n -s 127.0.0.1 10.0.1.1
traceroute -r -i eth0 -n 10.0.3.2 -m 2
traceroute -n 0.0.0.0
traceroute -n 255.255.255.255
traceroute -V 10.0.1.1
traceroute -n --back -f 3 10.0.3.2

traceroute -n -w 1 10.4.0.1

traceroute -n -w 1 10.5.0.1

traceroute -n 10.99.0.1

traceroute -n 10.8.0.1

traceroute -n 10.7.0.1

traceroute -n 10.1.1

traceroute -n -F 10.0.3.2 1450

traceroute -n --mtu 10.0.3.2

traceroute -n --mtu 10.0.3.2 1300

traceroute -n 10.0.3.2 1450

traceroute -n -w 1 10.6.0.1 -m 3

traceroute -n 10.10.0.1 -m 5

traceroute -n -N 1 10.0.3.2

traceroute -n -N 1 -z 0.2 10.0.3.2

traceroute -n 10.0.1.77

traceroute --mtu -n -q 2 10.0.3.2 2000

traceroute -n -F 10.0.3.2 2000

traceroute -n 10.0.3.2 2000

traceroute -n --mtu -N 5 10.0.3.2

traceroute -n --mtu -I -w 3 10.0.3.2

traceroute -n --mtu -m 2 -q 1 10.0.3.2 100

traceroute -n -q 1 -N 1 10.10.0.1 -m 4 --back
`;
