/** The published schema as a module: browsers have no file to read. Made by schema/to-typescript.mjs; a test holds the two together. */
// long: it is the schema.
export const LAB_SCHEMA: object = {
  "$schema": "http://json-schema.org/draft-07/schema#",
  "$id": "urn:skbuff:lab-schema:1",
  "title": "the top level",
  "description": "A containerlab topology file of Linux nodes, with what skbuff adds: impair and down on links, sysctl, ipv6, expect, seed, capture. Keys marked x-skbuff: own are skbuff's; those marked ignored concern containers and change nothing here.",
  "type": "object",
  "additionalProperties": false,
  "required": [
    "name",
    "topology"
  ],
  "x-expected": "a containerlab topology: a map with name and topology",
  "properties": {
    "name": {
      "type": [
        "string",
        "number"
      ],
      "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$",
      "description": "Name of the lab.",
      "x-expected": "a name of letters, digits, '-', '_' and '.'"
    },
    "prefix": {
      "description": "Prefix of container names. Concerns the container only: accepted, listed once as ignored.",
      "x-skbuff": "ignored"
    },
    "mgmt": {
      "description": "Management network. Concerns the container only: accepted, listed once as ignored.",
      "x-skbuff": "ignored"
    },
    "settings": {
      "description": "Settings of containerlab. Concerns the container only: accepted, listed once as ignored.",
      "x-skbuff": "ignored"
    },
    "debug": {
      "description": "Debug switch. Concerns the container only: accepted, listed once as ignored.",
      "x-skbuff": "ignored"
    },
    "topology": {
      "type": "object",
      "title": "the topology",
      "additionalProperties": false,
      "required": [
        "nodes"
      ],
      "description": "Nodes and links, and what nodes inherit: node before group before kind before defaults.",
      "x-expected": "a map with nodes and links",
      "properties": {
        "defaults": {
          "$ref": "#/definitions/node",
          "description": "Values for all nodes."
        },
        "kinds": {
          "type": [
            "object",
            "null"
          ],
          "title": "the kinds",
          "description": "Values by kind.",
          "additionalProperties": {
            "$ref": "#/definitions/node"
          },
          "x-expected": "a map of kinds"
        },
        "groups": {
          "type": [
            "object",
            "null"
          ],
          "title": "the groups",
          "description": "Values by group.",
          "additionalProperties": {
            "$ref": "#/definitions/node"
          },
          "x-expected": "a map of groups"
        },
        "nodes": {
          "type": "object",
          "title": "the nodes",
          "description": "The nodes by name.",
          "minProperties": 1,
          "propertyNames": {
            "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$"
          },
          "additionalProperties": {
            "$ref": "#/definitions/node"
          },
          "x-expected": "a map of at least one node"
        },
        "links": {
          "type": [
            "array",
            "null"
          ],
          "description": "The links.",
          "items": {
            "$ref": "#/definitions/link"
          },
          "x-expected": "a list of links"
        }
      }
    },
    "sysctl": {
      "$ref": "#/definitions/sysctlMap",
      "description": "Sysctls of every node; a node's own values win.",
      "x-skbuff": "own"
    },
    "ipv6": {
      "type": "boolean",
      "description": "false: the nodes have no IPv6, as a kernel that was booted with ipv6.disable=1; true without it.",
      "x-skbuff": "own"
    },
    "seed": {
      "type": "integer",
      "minimum": 0,
      "maximum": 4294967295,
      "description": "Seed of all chance in the run; 1 without it, --seed wins.",
      "x-skbuff": "own"
    },
    "capture": {
      "type": [
        "boolean",
        "array"
      ],
      "items": {
        "type": "string",
        "minLength": 1,
        "x-expected": "\"node\" or \"node:interface\""
      },
      "x-expected": "true, or a list of \"node\" or \"node:interface\"",
      "description": "What to write as pcapng when --pcap is given: true for all interfaces (also without this key), or a list of nodes and node:interface.",
      "x-skbuff": "own"
    },
    "expect": {
      "type": [
        "array",
        "null"
      ],
      "items": {
        "$ref": "#/definitions/expectation"
      },
      "x-expected": "a list of expectations",
      "description": "What must hold, checked in order. The exit code is 1 if one does not.",
      "x-skbuff": "own"
    }
  },
  "definitions": {
    "duration": {
      "type": [
        "string",
        "number"
      ],
      "minimum": 0,
      "maximum": 0,
      "pattern": "^(0|[0-9]{1,9}(\\.[0-9]{1,9})?(ns|us|ms)|[0-9]{1,6}(\\.[0-9]{1,9})?s|[0-9]{1,5}(\\.[0-9]{1,6})?m|[0-9]{1,3}(\\.[0-9]{1,6})?h)$",
      "description": "A length of virtual time: a number with ns, us, ms, s, m or h, for example 10ms or 1.5s; or 0.",
      "x-expected": "a duration with its unit, such as 10ms, 1.5s or 2m"
    },
    "percent": {
      "type": [
        "string",
        "number"
      ],
      "minimum": 0,
      "maximum": 100,
      "pattern": "^(100(\\.0{1,6})?|[0-9]{1,2}(\\.[0-9]{1,6})?)%$",
      "description": "A share of the packets: 1% or 0.5%; a plain number is percent too (1 means 1%).",
      "x-expected": "a percentage from 0 to 100, such as 1% or 0.5"
    },
    "rate": {
      "type": "string",
      "pattern": "^(?=.*[1-9])[0-9]{1,9}(\\.[0-9]{1,6})?[kKmMgGtT]?([bB][iI][tT]|[bB][pP][sS])$",
      "description": "A bit rate as tc writes it: bit, kbit, mbit, gbit, tbit are bits per second; bps, kbps, mbps … are bytes per second.",
      "x-expected": "a rate above zero with its unit, such as 10mbit or 256kbit"
    },
    "interface": {
      "type": "string",
      "minLength": 1,
      "description": "Name of a network interface: 1 to 15 bytes, no white space, no '/', ':' or '%'."
    },
    "address": {
      "type": "string",
      "minLength": 1,
      "description": "An IP address, a link-local one with its interface (fe80::1%eth1), or the name of a node: its first global address that can be used is meant, of IPv4 if it has one and family says nothing else."
    },
    "family": {
      "enum": [
        "ipv4",
        "ipv6"
      ],
      "description": "Which address of a node is meant; without it one of IPv4, and one of IPv6 where there is none."
    },
    "nodeName": {
      "type": "string",
      "minLength": 1,
      "description": "Name of a node of this topology."
    },
    "mtu": {
      "type": "integer",
      "minimum": 68,
      "maximum": 65535,
      "description": "MTU of the link in bytes, 68 to 65535. Without it: 9500 for veth, host and dummy links, 1500 for mgmt-net and macvlan links, as containerlab does.",
      "x-expected": "a whole number from 68 to 65535"
    },
    "sysctlMap": {
      "type": [
        "object",
        "null"
      ],
      "title": "a sysctl map",
      "description": "Sysctls set before any exec line runs: net.ipv4.ip_forward: 1. Names with dots or slashes, as sysctl(8) takes them.",
      "propertyNames": {
        "pattern": "^[A-Za-z0-9_]+([./][A-Za-z0-9_.:@/-]+)*$"
      },
      "additionalProperties": {
        "type": [
          "string",
          "number"
        ],
        "x-expected": "a number or text",
        "x-hint": "write 1 for on and 0 for off"
      },
      "x-expected": "a map of sysctl names to values, such as net.ipv4.ip_forward: 1"
    },
    "impair": {
      "type": "object",
      "title": "an impairment",
      "x-skbuff": "own",
      "additionalProperties": false,
      "description": "What the link does to packets, in both directions alike.",
      "properties": {
        "delay": {
          "$ref": "#/definitions/duration",
          "description": "Time added to every packet, each way.",
          "x-skbuff": "own"
        },
        "jitter": {
          "$ref": "#/definitions/duration",
          "description": "The delay varies by up to this much to both sides. Needs delay.",
          "x-skbuff": "own"
        },
        "loss": {
          "$ref": "#/definitions/percent",
          "description": "Share of packets lost.",
          "x-skbuff": "own"
        },
        "duplicate": {
          "$ref": "#/definitions/percent",
          "description": "Share of packets that arrive twice.",
          "x-skbuff": "own"
        },
        "reorder": {
          "$ref": "#/definitions/percent",
          "description": "Share of packets that skip the delay and so overtake others. Needs delay.",
          "x-skbuff": "own"
        },
        "corrupt": {
          "$ref": "#/definitions/percent",
          "description": "Share of packets in which one bit is flipped.",
          "x-skbuff": "own"
        },
        "rate": {
          "$ref": "#/definitions/rate",
          "description": "Bit rate of the link, each way.",
          "x-skbuff": "own"
        },
        "seed": {
          "type": "integer",
          "minimum": 0,
          "maximum": 4294967295,
          "description": "Seed of this link's chance. Without it it is derived from the lab's seed and the link's position.",
          "x-skbuff": "own"
        }
      }
    },
    "impairStep": {
      "type": "object",
      "title": "a step of an impairment schedule",
      "x-skbuff": "own",
      "additionalProperties": false,
      "description": "From this moment on the link behaves so; a step replaces the one before as a whole, and one with nothing but `at` ends the impairment.",
      "properties": {
        "at": {
          "$ref": "#/definitions/duration",
          "description": "When the step begins, counted from the moment the lab is up.",
          "x-skbuff": "own"
        },
        "delay": {
          "$ref": "#/definitions/duration",
          "description": "Time added to every packet, each way.",
          "x-skbuff": "own"
        },
        "jitter": {
          "$ref": "#/definitions/duration",
          "description": "The delay varies by up to this much to both sides. Needs delay.",
          "x-skbuff": "own"
        },
        "loss": {
          "$ref": "#/definitions/percent",
          "description": "Share of packets lost.",
          "x-skbuff": "own"
        },
        "duplicate": {
          "$ref": "#/definitions/percent",
          "description": "Share of packets that arrive twice.",
          "x-skbuff": "own"
        },
        "reorder": {
          "$ref": "#/definitions/percent",
          "description": "Share of packets that skip the delay and so overtake others. Needs delay.",
          "x-skbuff": "own"
        },
        "corrupt": {
          "$ref": "#/definitions/percent",
          "description": "Share of packets in which one bit is flipped.",
          "x-skbuff": "own"
        },
        "rate": {
          "$ref": "#/definitions/rate",
          "description": "Bit rate of the link, each way.",
          "x-skbuff": "own"
        },
        "seed": {
          "type": "integer",
          "minimum": 0,
          "maximum": 4294967295,
          "description": "Seed of this link's chance. Without it it is derived from the lab's seed and the link's position.",
          "x-skbuff": "own"
        }
      },
      "required": [
        "at"
      ]
    },
    "downList": {
      "type": "array",
      "minItems": 2,
      "description": "When the link has no carrier: [10s, 12s] or several pairs, [[10s, 12s], [20s, 21s]]. From, to; counted from the moment the lab is up.",
      "items": {
        "if": {
          "type": "array"
        },
        "then": {
          "type": "array",
          "items": {
            "$ref": "#/definitions/duration"
          },
          "minItems": 2,
          "maxItems": 2,
          "x-expected": "a pair [from, to]"
        },
        "else": {
          "$ref": "#/definitions/duration"
        }
      },
      "x-expected": "pairs of durations, such as [10s, 12s]"
    },
    "node": {
      "type": [
        "object",
        "null"
      ],
      "title": "a node",
      "additionalProperties": false,
      "properties": {
        "kind": {
          "type": "string",
          "description": "Kind of the node. Only `linux` can run here.",
          "x-expected": "the name of a kind",
          "examples": [
            "linux"
          ]
        },
        "group": {
          "type": "string",
          "description": "Name of the entry of topology.groups whose values this node inherits."
        },
        "exec": {
          "type": [
            "array",
            "null"
          ],
          "description": "Command lines run in the node once all links are up, in order. Lists of defaults, kind, group and node are joined in that order.",
          "items": {
            "type": "string",
            "x-expected": "a command line",
            "x-hint": "put the line in quotes if it holds ': ' or begins with a special character"
          },
          "x-expected": "a list of command lines"
        },
        "env": {
          "type": [
            "object",
            "null"
          ],
          "title": "an environment",
          "description": "Environment variables. Maps of defaults, kind, group and node are merged, the more special one wins.",
          "additionalProperties": {
            "type": [
              "string",
              "number",
              "boolean",
              "null"
            ],
            "x-expected": "text or a number"
          },
          "x-expected": "a map of names to values"
        },
        "sysctls": {
          "$ref": "#/definitions/sysctlMap",
          "description": "Sysctls, as containerlab spells the key. Merged like env."
        },
        "sysctl": {
          "$ref": "#/definitions/sysctlMap",
          "description": "The same as sysctls; where both name one key, this one wins.",
          "x-skbuff": "own"
        },
        "network-mode": {
          "type": [
            "string",
            "null"
          ],
          "description": "Container network mode. `none` and `bridge` make no difference here; `host` and `container:…` cannot run.",
          "x-skbuff": "ignored"
        },
        "image": {
          "description": "Container image. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "image-pull-policy": {
          "description": "When to pull the image. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "type": {
          "description": "Type or variant of the image. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "license": {
          "description": "License file. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "startup-config": {
          "description": "Configuration file of a network operating system. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "enforce-startup-config": {
          "description": "Whether that configuration wins over a saved one. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "suppress-startup-config": {
          "description": "Whether to start without it. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "startup-delay": {
          "description": "Seconds to wait before the container starts. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "auto-remove": {
          "description": "Whether the container is removed when it stops. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "restart-policy": {
          "description": "When the container restarts. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "binds": {
          "description": "Bind mounts. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "volumes": {
          "description": "Volumes. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "tmpfs": {
          "description": "Memory file systems. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "devices": {
          "description": "Device files. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "cap-add": {
          "description": "Capabilities. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "privileged": {
          "description": "Privileged mode. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "security-opt": {
          "description": "Security options. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "ports": {
          "description": "Published ports. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "publish": {
          "description": "Published ports (old key). Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "env-files": {
          "description": "Files with environment variables, not read. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "user": {
          "description": "User in the container. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "entrypoint": {
          "description": "Entry point. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "cmd": {
          "description": "Command of the container. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "labels": {
          "description": "Labels. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "runtime": {
          "description": "Container runtime. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "mgmt-ipv4": {
          "description": "Address in the management network. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "mgmt_ipv4": {
          "description": "Address in the management network (old key). Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "mgmt-ipv6": {
          "description": "IPv6 address in the management network. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "mgmt_ipv6": {
          "description": "IPv6 address in the management network (old key). Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "cpu": {
          "description": "CPU limit. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "cpu-set": {
          "description": "CPUs to run on. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "memory": {
          "description": "Memory limit. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "shm-size": {
          "description": "Size of /dev/shm. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "ulimits": {
          "description": "Resource limits. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "pid": {
          "description": "PID namespace. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "sandbox": {
          "description": "Sandbox of ignite. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "kernel": {
          "description": "Kernel of ignite. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "extras": {
          "description": "Settings of special kinds. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "config": {
          "description": "Values for configuration templates. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "stages": {
          "description": "Dependencies between nodes and their stage commands. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "wait-for": {
          "description": "Nodes to wait for (old key). Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "dns": {
          "description": "Name servers. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "certificate": {
          "description": "TLS certificate. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "healthcheck": {
          "description": "Health check. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "aliases": {
          "description": "DNS aliases. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "components": {
          "description": "Line cards of chassis. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "credentials": {
          "description": "Login. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "link-vars": {
          "description": "Values for links. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "position": {
          "description": "Place in a drawing. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "icon": {
          "description": "Icon in a drawing. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "skip-unique-name-check": {
          "description": "Name check. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        }
      },
      "x-expected": "a map of node settings"
    },
    "endpoint": {
      "type": "object",
      "title": "an endpoint",
      "additionalProperties": false,
      "required": [
        "node",
        "interface"
      ],
      "properties": {
        "node": {
          "$ref": "#/definitions/nodeName"
        },
        "interface": {
          "$ref": "#/definitions/interface"
        },
        "mac": {
          "type": "string",
          "description": "Ethernet address of the interface: unicast and not zero.",
          "x-expected": "an Ethernet address such as 02:00:00:00:00:01"
        },
        "ipv4": {
          "description": "Address for configuration templates. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "ipv6": {
          "description": "IPv6 address for configuration templates. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "vars": {
          "description": "Values for configuration templates. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        }
      },
      "x-expected": "a map {node, interface, mac}",
      "x-hint": "links with a `type` take endpoints as maps; without `type` they are written \"node:interface\""
    },
    "link": {
      "type": "object",
      "title": "a link",
      "additionalProperties": false,
      "description": "Short form: endpoints: [\"a:eth1\", \"b:eth1\"]. Long form: type and endpoint(s) as maps.",
      "properties": {
        "type": {
          "description": "Type of a link in long form.",
          "type": "string",
          "enum": [
            "veth",
            "dummy",
            "host",
            "mgmt-net",
            "macvlan"
          ],
          "x-hint": "vxlan and vxlan-stitch links lead out of the simulated lab and cannot run"
        },
        "endpoints": {
          "description": "The two ends."
        },
        "endpoint": {
          "description": "The one end of a dummy, host, mgmt-net or macvlan link."
        },
        "mtu": {
          "$ref": "#/definitions/mtu"
        },
        "host-interface": {
          "$ref": "#/definitions/interface",
          "description": "Interface on the host's side of a host, mgmt-net or macvlan link. The host is simulated too."
        },
        "mode": {
          "description": "Mode of a macvlan link; bridge without it.",
          "enum": [
            "bridge",
            "vepa",
            "passthru",
            "private"
          ]
        },
        "vars": {
          "description": "Values for configuration templates. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "labels": {
          "description": "Labels. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "ipv4": {
          "description": "Addresses for configuration templates. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "ipv6": {
          "description": "IPv6 addresses for configuration templates. Concerns the container only: accepted, listed once as ignored.",
          "x-skbuff": "ignored"
        },
        "impair": {
          "if": {
            "type": "array"
          },
          "then": {
            "type": "array",
            "items": {
              "$ref": "#/definitions/impairStep"
            },
            "minItems": 1,
            "x-expected": "a list of steps, each with `at`"
          },
          "else": {
            "$ref": "#/definitions/impair"
          },
          "description": "Delay, loss and the like: one map for the whole run, or a list of maps with `at`.",
          "x-skbuff": "own"
        },
        "down": {
          "$ref": "#/definitions/downList",
          "x-skbuff": "own"
        }
      },
      "if": {
        "not": {
          "required": [
            "type"
          ]
        }
      },
      "then": {
        "required": [
          "endpoints"
        ],
        "properties": {
          "endpoints": {
            "type": "array",
            "minItems": 2,
            "maxItems": 2,
            "items": {
              "type": "string",
              "pattern": "^[^:]+:.+$",
              "x-expected": "\"node:interface\"",
              "x-hint": "endpoints as maps need `type: veth` on the link"
            },
            "x-expected": "a list of two endpoints [\"a:eth1\", \"b:eth1\"]"
          }
        }
      },
      "else": {
        "if": {
          "properties": {
            "type": {
              "const": "veth"
            }
          }
        },
        "then": {
          "required": [
            "endpoints"
          ],
          "properties": {
            "endpoints": {
              "type": "array",
              "minItems": 2,
              "maxItems": 2,
              "items": {
                "$ref": "#/definitions/endpoint"
              },
              "x-expected": "a list of two endpoints"
            }
          }
        },
        "else": {
          "if": {
            "properties": {
              "type": {
                "enum": [
                  "dummy",
                  "host",
                  "mgmt-net",
                  "macvlan"
                ]
              }
            }
          },
          "then": {
            "required": [
              "endpoint"
            ],
            "properties": {
              "endpoint": {
                "$ref": "#/definitions/endpoint"
              }
            }
          }
        }
      },
      "x-expected": "a link, such as endpoints: [\"a:eth1\", \"b:eth1\"]"
    },
    "packet": {
      "type": "object",
      "title": "a packet",
      "x-skbuff": "own",
      "description": "A packet that is sent to provoke the drop.",
      "additionalProperties": false,
      "properties": {
        "from": {
          "$ref": "#/definitions/nodeName",
          "description": "Node that sends it.",
          "x-skbuff": "own"
        },
        "to": {
          "$ref": "#/definitions/address",
          "description": "Where it goes: an address or a node.",
          "x-skbuff": "own"
        },
        "family": {
          "$ref": "#/definitions/family",
          "x-skbuff": "own"
        },
        "proto": {
          "enum": [
            "icmp",
            "udp"
          ],
          "description": "What is sent: an echo request of the destination's ICMP (the default) or a UDP datagram.",
          "x-skbuff": "own"
        },
        "port": {
          "type": "integer",
          "minimum": 1,
          "maximum": 65535,
          "description": "UDP destination port; 9 without it.",
          "x-skbuff": "own"
        },
        "ttl": {
          "type": "integer",
          "minimum": 1,
          "maximum": 255,
          "description": "Time to live; the node's default without it.",
          "x-skbuff": "own"
        },
        "size": {
          "type": "integer",
          "minimum": 0,
          "maximum": 65507,
          "description": "Bytes of payload; 56 without it.",
          "x-skbuff": "own"
        },
        "count": {
          "type": "integer",
          "minimum": 1,
          "maximum": 100000,
          "description": "How many; 1 without it.",
          "x-skbuff": "own"
        }
      },
      "required": [
        "from",
        "to"
      ]
    },
    "reach": {
      "type": "object",
      "title": "a reach expectation",
      "x-skbuff": "own",
      "description": "Echo requests from a node are answered.",
      "additionalProperties": false,
      "properties": {
        "from": {
          "$ref": "#/definitions/nodeName",
          "description": "Node that pings.",
          "x-skbuff": "own"
        },
        "to": {
          "$ref": "#/definitions/address",
          "description": "Address that is pinged, or a node.",
          "x-skbuff": "own"
        },
        "family": {
          "$ref": "#/definitions/family",
          "x-skbuff": "own"
        },
        "count": {
          "type": "integer",
          "minimum": 1,
          "maximum": 100000,
          "description": "How many requests; 1 without it.",
          "x-skbuff": "own"
        },
        "within": {
          "$ref": "#/definitions/duration",
          "description": "Every reply that counts comes within this time of its request.",
          "x-skbuff": "own"
        },
        "loss": {
          "$ref": "#/definitions/percent",
          "description": "Up to this share may stay unanswered; 0 without it.",
          "x-skbuff": "own"
        },
        "not": {
          "type": "boolean",
          "description": "true: no request may be answered.",
          "x-skbuff": "own"
        }
      },
      "required": [
        "from",
        "to"
      ]
    },
    "route": {
      "type": "object",
      "title": "a route expectation",
      "x-skbuff": "own",
      "description": "The route that a node chooses, as `ip route get` tells it.",
      "additionalProperties": false,
      "properties": {
        "node": {
          "$ref": "#/definitions/nodeName",
          "description": "Node that is asked.",
          "x-skbuff": "own"
        },
        "to": {
          "$ref": "#/definitions/address",
          "description": "Destination: an address or a node.",
          "x-skbuff": "own"
        },
        "family": {
          "$ref": "#/definitions/family",
          "x-skbuff": "own"
        },
        "via": {
          "type": "string",
          "description": "Address of the next hop.",
          "x-skbuff": "own"
        },
        "dev": {
          "$ref": "#/definitions/interface",
          "description": "Interface the packet would leave by.",
          "x-skbuff": "own"
        },
        "unreachable": {
          "type": "boolean",
          "description": "true: there must be no usable route.",
          "x-skbuff": "own"
        }
      },
      "required": [
        "node",
        "to"
      ]
    },
    "drop": {
      "type": "object",
      "title": "a drop expectation",
      "x-skbuff": "own",
      "description": "A node drops packets for a reason.",
      "additionalProperties": false,
      "properties": {
        "node": {
          "$ref": "#/definitions/nodeName",
          "description": "Node that drops.",
          "x-skbuff": "own"
        },
        "reason": {
          "type": "string",
          "pattern": "^(SKB_DROP_REASON_)?[A-Z][A-Z0-9_]*$",
          "description": "The kernel's name of the reason, with or without SKB_DROP_REASON_: IP_RPFILTER, NO_SOCKET …",
          "x-expected": "a drop reason in the kernel's spelling, such as IP_RPFILTER",
          "x-skbuff": "own"
        },
        "count": {
          "type": "integer",
          "minimum": 1,
          "description": "At least so many; 1 without it.",
          "x-skbuff": "own"
        },
        "packet": {
          "$ref": "#/definitions/packet",
          "description": "Sent first, and only drops from then on count. Without it all drops since the lab came up count.",
          "x-skbuff": "own"
        }
      },
      "required": [
        "node",
        "reason"
      ]
    },
    "output": {
      "type": "object",
      "title": "an output expectation",
      "x-skbuff": "own",
      "description": "What a command prints and how it exits. At least one of equals, contains, matches, exit.",
      "additionalProperties": false,
      "properties": {
        "node": {
          "$ref": "#/definitions/nodeName",
          "description": "Node that runs the command.",
          "x-skbuff": "own"
        },
        "exec": {
          "type": "string",
          "minLength": 1,
          "description": "The command line, as under exec.",
          "x-skbuff": "own"
        },
        "equals": {
          "type": "string",
          "description": "The whole output is this; white space at its end does not count.",
          "x-skbuff": "own"
        },
        "contains": {
          "description": "The output holds this text, or each of these.",
          "type": [
            "string",
            "array"
          ],
          "items": {
            "type": "string"
          },
          "minItems": 1,
          "x-expected": "text or a list of texts",
          "x-skbuff": "own"
        },
        "matches": {
          "type": "string",
          "description": "A JavaScript regular expression finds something in the output; flags m and u are set.",
          "x-skbuff": "own"
        },
        "exit": {
          "type": "integer",
          "minimum": 0,
          "maximum": 255,
          "description": "Exit code; 0 without it.",
          "x-skbuff": "own"
        }
      },
      "required": [
        "node",
        "exec"
      ]
    },
    "expectation": {
      "type": "object",
      "title": "an expectation",
      "x-skbuff": "own",
      "additionalProperties": false,
      "description": "One thing that must hold: exactly one of reach, route, drop, output.",
      "properties": {
        "name": {
          "type": "string",
          "minLength": 1,
          "description": "What the report calls it; a sentence is made up without it.",
          "x-skbuff": "own"
        },
        "after": {
          "$ref": "#/definitions/duration",
          "description": "Wait so long after the expectation before (or, for the first, after the lab is up).",
          "x-skbuff": "own"
        },
        "at": {
          "$ref": "#/definitions/duration",
          "description": "Judge it at this moment, counted from when the lab is up.",
          "x-skbuff": "own"
        },
        "reach": {
          "$ref": "#/definitions/reach",
          "x-skbuff": "own"
        },
        "route": {
          "$ref": "#/definitions/route",
          "x-skbuff": "own"
        },
        "drop": {
          "$ref": "#/definitions/drop",
          "x-skbuff": "own"
        },
        "output": {
          "$ref": "#/definitions/output",
          "x-skbuff": "own"
        }
      },
      "oneOf": [
        {
          "required": [
            "reach"
          ]
        },
        {
          "required": [
            "route"
          ]
        },
        {
          "required": [
            "drop"
          ]
        },
        {
          "required": [
            "output"
          ]
        }
      ],
      "not": {
        "required": [
          "after",
          "at"
        ]
      },
      "x-expected": "a map with exactly one of reach, route, drop, output"
    }
  }
};
