# What transcripts use besides lockgate itself.
set -o pipefail

# Something of the one JSON document on stdin: … | field "['error']['code']"
field() { python -IS -c "import json, sys; print(eval('json.loads(sys.stdin.read())' + sys.argv[1]))" "$1"; }

# The code of a refusal or error, from --format json.
code() { field ".get('error', {}).get('code')"; }

# Run without root's power to read and write everything.
mortal() { if [ "$(id -u)" = 0 ]; then setpriv --bounding-set=-dac_override,-dac_read_search "$@"; else "$@"; fi; }
