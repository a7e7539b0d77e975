package main

import (
	"go/types"
	"path"
	"strings"
)

// standardPackages are those that a program may import, without the ones whose name another one has too.
const standardPackages = `
archive/tar archive/zip bufio bytes cmp compress/bzip2 compress/flate compress/gzip compress/lzw compress/zlib
container/heap container/list container/ring context crypto crypto/aes crypto/cipher crypto/des crypto/dsa crypto/ecdh
crypto/ecdsa crypto/ed25519 crypto/elliptic crypto/hkdf crypto/hmac crypto/hpke crypto/md5 crypto/mlkem crypto/pbkdf2
crypto/rc4 crypto/rsa crypto/sha1 crypto/sha256 crypto/sha3 crypto/sha512 crypto/subtle crypto/tls crypto/x509
crypto/x509/pkix database/sql database/sql/driver debug/buildinfo debug/dwarf debug/elf debug/gosym debug/macho debug/pe
embed encoding encoding/ascii85 encoding/asn1 encoding/base32 encoding/base64 encoding/binary encoding/csv encoding/gob
encoding/hex encoding/json/jsontext encoding/pem encoding/xml errors expvar flag fmt go/ast go/build go/build/constraint
go/constant go/doc go/doc/comment go/format go/importer go/parser go/printer go/token go/types go/version hash
hash/adler32 hash/crc32 hash/crc64 hash/fnv hash/maphash html image image/color image/color/palette image/draw image/gif
image/jpeg image/png index/suffixarray io io/fs io/ioutil iter log log/slog log/syslog maps math math/big math/bits
math/cmplx mime mime/multipart mime/quotedprintable net net/http net/http/cgi net/http/cookiejar net/http/fcgi
net/http/httptest net/http/httptrace net/http/httputil net/mail net/netip net/rpc net/rpc/jsonrpc net/smtp net/textproto
net/url os os/exec os/signal os/user path path/filepath plugin reflect regexp regexp/syntax runtime runtime/debug
runtime/metrics runtime/trace slices sort strconv strings structs sync sync/atomic syscall testing testing/fstest
testing/iotest testing/quick testing/slogtest testing/synctest text/tabwriter text/template/parse time unicode
unicode/utf16 unicode/utf8 unique unsafe uuid weak
`

// ambiguous packages share their name. The first of each list is meant unless an identifier tells otherwise; own names
// what only that package has.
var ambiguous = map[string][]struct{ path, own string }{
	"rand": {
		{"math/rand", "Intn Int31 Int31n Int63 Int63n NewSource Seed Source64"},
		{"math/rand/v2", "ChaCha8 Int32 Int32N Int64 Int64N IntN N NewChaCha8 NewPCG PCG Uint Uint32N Uint64N UintN"},
		{"crypto/rand", "Prime Read Reader Text"},
	},
	"template": {
		{"text/template", ""},
		{"html/template", "CSS ErrAmbigContext ErrBadHTML Error ErrorCode HTML HTMLAttr JS JSStr Srcset URL"},
	},
	"pprof": {
		{"runtime/pprof", "Do ForLabels Label LabelSet Labels Lookup NewProfile Profiles SetGoroutineLabels StartCPUProfile StopCPUProfile WithLabels WriteHeapProfile"},
		{"net/http/pprof", "Cmdline Handler Index Symbol Trace"},
	},
	"scanner": {
		{"text/scanner", "Char Comment EOF Float GoTokens GoWhitespace Ident Int Position RawString ScanChars ScanFloats ScanIdents ScanInts ScanRawStrings ScanStrings SkipComments String TokenString"},
		{"go/scanner", "Error ErrorHandler ErrorList Mode PrintError"},
	},
	"json": {
		{"encoding/json", "Compact Decoder Encoder HTMLEscape Indent MarshalIndent NewDecoder NewEncoder Number RawMessage Valid"},
		{"encoding/json/v2", "DefaultOptionsV2 Deterministic GetOption JoinMarshalers MarshalEncode MarshalToFunc MarshalWrite RejectUnknownMembers UnmarshalDecode UnmarshalFromFunc UnmarshalRead WithMarshalers WithUnmarshalers"},
	},
}

var standardByName = func() map[string]string {
	byName := map[string]string{}
	for _, importPath := range strings.Fields(standardPackages) {
		byName[path.Base(importPath)] = importPath
	}
	return byName
}()

// standardPackage is the standard package of that name which has the members that are used; "" where there is none.
func standardPackage(name string, members map[string]bool) string {
	alternatives := ambiguous[name]
	for _, alternative := range alternatives {
		for _, own := range strings.Fields(alternative.own) {
			if members[own] {
				return alternative.path
			}
		}
	}
	if len(alternatives) > 0 {
		return alternatives[0].path
	}
	return standardByName[name]
}

// universe tells whether the language itself declares the name.
func universe(name string) bool { return types.Universe.Lookup(name) != nil }
