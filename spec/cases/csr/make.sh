#!/bin/sh
# Makes every request of good/ and bad/ anew, with keys that are thrown away.
# Needs openssl 3 with its legacy provider. The specs need what it made only.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
key=$work/key.pem
der=$work/der

# request FILE [openssl req arguments]: for example.com, signed by $key
request() {
  file=$1
  shift
  openssl req -new -key "$key" -subj "/CN=example.com" "$@" -out "$file"
}
# genpkey arguments: makes $key
newkey() { openssl genpkey -quiet "$@" -out "$key"; }
rsa() { newkey -algorithm RSA -pkeyopt "rsa_keygen_bits:$1"; }
ec() { newkey -algorithm EC -pkeyopt "ec_paramgen_curve:$1"; }
# pem FILE: $der as a request
pem() {
  { echo "-----BEGIN CERTIFICATE REQUEST-----"
    openssl base64 -in "$der"
    echo "-----END CERTIFICATE REQUEST-----"; } > "$1"
}
# flipped FILE REQUEST: the request with another last bit
flipped() {
  openssl req -in "$2" -outform DER -out "$work/whole"
  last=$(tail -c 1 "$work/whole" | od -An -tu1)
  { head -c $(($(wc -c < "$work/whole") - 1)) "$work/whole"
    printf "\\$(printf %03o $((last ^ 1)))"; } > "$der"
  pem "$1"
}
# built FILE KEY ALGORITHM [SIGNATURE]: a request for nobody around a key
# (SubjectPublicKeyInfo) and a signature, both as lines for asn1parse; the
# signature fits nothing where none is given. $der is what is to be signed.
built() {
  { printf '[info]\nversion=INTEGER:0\nname=SEQUENCE:none\n'
    printf 'key=SEQUENCE:key\nattributes=IMPLICIT:0C,SEQUENCE:none\n'
    printf '[none]\n%b' "$2"; } > "$work/info"
  { printf 'asn1=SEQUENCE:req\n[req]\ninfo=SEQUENCE:info\n'
    printf 'alg=SEQUENCE:sig\n'
    printf '%b\n' "${4:-bits=FORMAT:HEX,BITSTRING:$(printf %0512d 1)}"
    printf '[sig]\noid=OID:%s\n' "$3"
    cat "$work/info"; } > "$work/asn1"
  openssl asn1parse -genconf "$work/asn1" -noout -out "$der"
  pem "$1"
  { printf 'asn1=SEQUENCE:info\n'
    cat "$work/info"; } > "$work/asn1"
  openssl asn1parse -genconf "$work/asn1" -noout -out "$der"
}

for bits in 3072 4096 2056; do
  rsa $bits
  request good/rsa$bits.pem
done
for curve in 256 384 521; do
  ec P-$curve
  request good/p$curve.pem
done
request good/p521-sha1.pem -sha1

rsa 2048
request good/rsa2048.pem
request good/sans.pem -addext "subjectAltName=DNS:example.com,\
DNS:www.example.com,DNS:*.example.com"
request good/sha1.pem -sha1
request good/md5.pem -md5
request good/sha512.pem -sha512
request good/pss-signature.pem -sigopt rsa_padding_mode:pss
request good/new-label.pem -newhdr
good=good/rsa2048.pem
sed 's/$/\r/' $good > good/crlf.pem
tr '\n' '\r' < $good > good/cr.pem
{ printf '\r\n \t\n'; cat $good; printf '\n\t \r\n\r\n'; } > good/spaces.pem
tr -d '\n' < $good > good/one-line.pem
tr '\n' ' ' < $good > good/one-line-spaces.pem
printf '%s' "$(cat $good)" > good/no-last-newline.pem
{ sed -n 1p $good; sed '1d;$d' $good | tr -d '\n' | fold -w 76; echo
  sed -n '$p' $good; } > good/76-columns.pem

request bad/md4.pem -md4 -provider legacy -provider default
request bad/text-before.pem -text
{ cat $good; echo "for example.com"; } > bad/text-behind.pem
cat $good good/p256.pem > bad/two-requests.pem
cat $good good/new-label.pem good/p256.pem > bad/three-requests.pem
openssl req -new -x509 -key "$key" -subj "/CN=example.com" -days 3650 \
  -out bad/certificate.pem
cat $good bad/certificate.pem > bad/request-certificate.pem
openssl x509 -in bad/certificate.pem -text -out bad/certificate-text.pem
openssl x509 -in bad/certificate.pem -trustout -out bad/trusted.pem
openssl crl2pkcs7 -nocrl -certfile bad/certificate.pem -out bad/pkcs7.pem
openssl pkey -in "$key" -pubout -out bad/public-key.pem
openssl rsa -in "$key" -RSAPublicKey_out -out bad/rsa-public-key.pem \
  2> "$work/log"
openssl ecparam -name P-256 -out bad/parameters.pem
sed 's/REQUEST/REQUST/' $good > bad/label.pem
sed 's/^-----BEGIN/----BEGIN/' $good > bad/dashes.pem
sed '$d' $good > bad/no-end.pem
sed '$s/END/END NEW/' $good > bad/other-end.pem
sed '$s/REQUEST/REQUIRE/' $good > bad/other-end-as-long.pem
sed '1d;$d' $good > bad/no-lines.pem
sed '2s/./!/5' $good > bad/letter.pem
sed '2s/./=/5' $good > bad/pad.pem
sed 's/$/\\n/' $good | tr -d '\n' > bad/escaped.pem
sed 5d $good > bad/lost-line.pem
{ sed '$d' $good | sed '$d' | sed '$s/.$//'; sed -n '$p' $good; } \
  > bad/truncated.pem
printf -- '-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE %s\n' \
  'REQUEST-----' > bad/nothing-inside.pem
openssl req -in $good -outform DER -out "$work/request"
{ cat "$work/request"; printf '\0\1\2'; } > "$der"
pem bad/trailing-bytes.pem
flipped bad/flipped-signature.pem $good
flipped bad/flipped-pss-signature.pem good/pss-signature.pem
LC_ALL=C sed 's/example\.com/example.org/' "$work/request" > "$der"
pem bad/changed-name.pem
openssl x509 -in bad/certificate.pem -outform DER -out "$der"
pem bad/certificate-inside.pem

for bits in 1024 2047 2052; do
  rsa $bits
  request bad/rsa$bits.pem
done
newkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048
request bad/rsa-pss.pem
newkey -algorithm ED25519
request bad/ed25519.pem
newkey -algorithm ED448
request bad/ed448.pem
openssl dsaparam -out "$work/dsa" 2048 2> "$work/log"
newkey -paramfile "$work/dsa"
request bad/dsa.pem
for curve in secp256k1 prime192v1 secp224r1 brainpoolP256r1; do
  ec $curve
  request bad/$curve.pem
done
newkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
  -pkeyopt ec_param_enc:explicit
request bad/explicit-p256.pem

# keys that no tool makes, or not in reasonable time
rsa_key() { # bits / 4 (hexadecimal digits of the modulus), exponent
  printf '[key]\\nalg=SEQUENCE:alg\\nbits=BITWRAP,SEQUENCE:rsa\\n'
  printf '[alg]\\noid=OID:rsaEncryption\\nparams=NULL\\n[rsa]\\nn=INTEGER:0x'
  printf "%0$1d" 1 | tr 01 FB
  printf '\\ne=INTEGER:%s\\n' "$2"
}
ec_key() { # point
  printf '[key]\\nalg=SEQUENCE:alg\\nbits=FORMAT:HEX,BITSTRING:%s\\n' "$1"
  printf '[alg]\\noid=OID:id-ecPublicKey\\ncurve=OID:prime256v1\\n'
}
sha256rsa=sha256WithRSAEncryption
built bad/rsa16384.pem "$(rsa_key 4096 0xFFFFFFFFFFFFFFFF)" $sha256rsa \
  "bits=FORMAT:HEX,BITSTRING:$(printf %04096d 1)"
built bad/rsa16392.pem "$(rsa_key 4098 65537)" $sha256rsa
built bad/rsa2048-exponent.pem \
  "$(rsa_key 512 "0x$(printf %0512d 1 | tr 01 EB)")" $sha256rsa
built bad/unknown-signature.pem "$(rsa_key 512 65537)" 1.3.6.1.4.1.99999.1
built bad/unknown-key.pem \
  "$(rsa_key 512 65537 | sed 's/rsaEncryption/1.3.6.1.4.1.99999.2/')" \
  $sha256rsa
built bad/point-off-curve.pem "$(ec_key "04$(printf %0128d 1)")" \
  ecdsa-with-SHA256
# With the point at infinity any r and s fit for which h/s times the base
# point has the abscissa r: s is the hash h (built twice to have it), r the
# base point's own.
built bad/point-at-infinity.pem "$(ec_key 00)" ecdsa-with-SHA256
x=6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296
built bad/point-at-infinity.pem "$(ec_key 00)" ecdsa-with-SHA256 \
  "bits=BITWRAP,SEQUENCE:rs\\n[rs]\\nr=INTEGER:0x$x\\ns=INTEGER:0x$(
    openssl dgst -sha256 -r "$der" | cut -d ' ' -f 1)"
