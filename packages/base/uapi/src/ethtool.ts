/** `uapi/linux/ethtool.h`: commands of SIOCETHTOOL and what goes with them. */
export const SIOCETHTOOL = 0x8946;

export const ETHTOOL_GSET = 0x01;
export const ETHTOOL_SSET = 0x02;
export const ETHTOOL_GDRVINFO = 0x03;
export const ETHTOOL_GREGS = 0x04;
export const ETHTOOL_GWOL = 0x05;
export const ETHTOOL_SWOL = 0x06;
export const ETHTOOL_GMSGLVL = 0x07;
export const ETHTOOL_SMSGLVL = 0x08;
export const ETHTOOL_NWAY_RST = 0x09;
export const ETHTOOL_GLINK = 0x0a;
export const ETHTOOL_GEEPROM = 0x0b;
export const ETHTOOL_SEEPROM = 0x0c;
export const ETHTOOL_GCOALESCE = 0x0e;
export const ETHTOOL_SCOALESCE = 0x0f;
export const ETHTOOL_GRINGPARAM = 0x10;
export const ETHTOOL_SRINGPARAM = 0x11;
export const ETHTOOL_GPAUSEPARAM = 0x12;
export const ETHTOOL_SPAUSEPARAM = 0x13;
export const ETHTOOL_GRXCSUM = 0x14;
export const ETHTOOL_SRXCSUM = 0x15;
export const ETHTOOL_GTXCSUM = 0x16;
export const ETHTOOL_STXCSUM = 0x17;
export const ETHTOOL_GSG = 0x18;
export const ETHTOOL_SSG = 0x19;
export const ETHTOOL_TEST = 0x1a;
export const ETHTOOL_GSTRINGS = 0x1b;
export const ETHTOOL_PHYS_ID = 0x1c;
export const ETHTOOL_GSTATS = 0x1d;
export const ETHTOOL_GTSO = 0x1e;
export const ETHTOOL_STSO = 0x1f;
export const ETHTOOL_GPERMADDR = 0x20;
export const ETHTOOL_GGSO = 0x23;
export const ETHTOOL_SGSO = 0x24;
export const ETHTOOL_GFLAGS = 0x25;
export const ETHTOOL_SFLAGS = 0x26;
export const ETHTOOL_GPFLAGS = 0x27;
export const ETHTOOL_SPFLAGS = 0x28;
export const ETHTOOL_GRXFH = 0x29;
export const ETHTOOL_SRXFH = 0x2a;
export const ETHTOOL_GGRO = 0x2b;
export const ETHTOOL_SGRO = 0x2c;
export const ETHTOOL_GRXRINGS = 0x2d;
export const ETHTOOL_GRXCLSRLCNT = 0x2e;
export const ETHTOOL_GRXCLSRULE = 0x2f;
export const ETHTOOL_GRXCLSRLALL = 0x30;
export const ETHTOOL_SRXCLSRLDEL = 0x31;
export const ETHTOOL_SRXCLSRLINS = 0x32;
export const ETHTOOL_FLASHDEV = 0x33;
export const ETHTOOL_RESET = 0x34;
export const ETHTOOL_GSSET_INFO = 0x37;
export const ETHTOOL_GRXFHINDIR = 0x38;
export const ETHTOOL_SRXFHINDIR = 0x39;
export const ETHTOOL_GFEATURES = 0x3a;
export const ETHTOOL_SFEATURES = 0x3b;
export const ETHTOOL_GCHANNELS = 0x3c;
export const ETHTOOL_SCHANNELS = 0x3d;
export const ETHTOOL_SET_DUMP = 0x3e;
export const ETHTOOL_GET_DUMP_FLAG = 0x3f;
export const ETHTOOL_GET_TS_INFO = 0x41;
export const ETHTOOL_GMODULEINFO = 0x42;
export const ETHTOOL_GEEE = 0x44;
export const ETHTOOL_SEEE = 0x45;
export const ETHTOOL_GRSSH = 0x46;
export const ETHTOOL_SRSSH = 0x47;
export const ETHTOOL_GTUNABLE = 0x48;
export const ETHTOOL_STUNABLE = 0x49;
export const ETHTOOL_GPHYSTATS = 0x4a;
export const ETHTOOL_PERQUEUE = 0x4b;
export const ETHTOOL_GLINKSETTINGS = 0x4c;
export const ETHTOOL_SLINKSETTINGS = 0x4d;
export const ETHTOOL_PHY_GTUNABLE = 0x4e;
export const ETHTOOL_PHY_STUNABLE = 0x4f;
export const ETHTOOL_GFECPARAM = 0x50;
export const ETHTOOL_SFECPARAM = 0x51;

/** Sets of strings, each 32 bytes long. */
export const ETH_GSTRING_LEN = 32;
export const ETH_SS_TEST = 0;
export const ETH_SS_STATS = 1;
export const ETH_SS_PRIV_FLAGS = 2;
export const ETH_SS_FEATURES = 4;
export const ETH_SS_RSS_HASH_FUNCS = 5;
export const ETH_SS_TUNABLES = 6;
export const ETH_SS_PHY_STATS = 7;
export const ETH_SS_PHY_TUNABLES = 8;
export const ETH_SS_LINK_MODES = 9;

/** Bits that ETHTOOL_SFEATURES returns. */
export const ETHTOOL_F_UNSUPPORTED: number = 1 << 0;
export const ETHTOOL_F_WISH: number = 1 << 1;

/** Bits of ETHTOOL_GFLAGS. */
export const ETH_FLAG_TXVLAN: number = 1 << 7;
export const ETH_FLAG_RXVLAN: number = 1 << 8;
export const ETH_FLAG_LRO: number = 1 << 15;
export const ETH_FLAG_NTUPLE: number = 1 << 27;
export const ETH_FLAG_RXHASH: number = 1 << 28;

export const SPEED_UNKNOWN = 0xffffffff;
export const SPEED_10000 = 10000;
export const DUPLEX_HALF = 0x00;
export const DUPLEX_FULL = 0x01;
export const DUPLEX_UNKNOWN = 0xff;
export const PORT_TP = 0x00;
export const PORT_OTHER = 0xff;
export const AUTONEG_DISABLE = 0x00;
export const AUTONEG_ENABLE = 0x01;

/** `struct ethtool_drvinfo`, `ethtool_link_settings` before its masks, `ethtool_cmd`, `ethtool_ts_info`: bytes. */
export const ETHTOOL_DRVINFO_LEN = 196;
export const ETHTOOL_LINK_SETTINGS_LEN = 48;
export const ETHTOOL_CMD_LEN = 44;
export const ETHTOOL_TS_INFO_LEN = 44;

export const SOF_TIMESTAMPING_TX_SOFTWARE: number = 1 << 1;
export const SOF_TIMESTAMPING_RX_SOFTWARE: number = 1 << 3;
export const SOF_TIMESTAMPING_SOFTWARE: number = 1 << 4;
