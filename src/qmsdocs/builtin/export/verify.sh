#!/bin/sh
# 核验本资料包：只用 coreutils、openssh 和 git，不需要我们的程序。用法：sh verify.sh [资料包文件夹]
# Checks this package with nothing but coreutils, openssh and git. Usage: sh verify.sh [FOLDER OF THE PACKAGE]
# 退出码 / exit: 0 完好 good · 1 有问题 something is wrong · 2 无法核验 could not be checked
# What it checks: 1 every file has the hash in the manifests, none is added, and on top lies what the house put there;
# 2 the git objects have their names, and none lies there that nothing leads to; 3 in the record folders under each
# ledger's head stand exactly the files listed; 4 every file listed is byte for byte the one in that folder; 5 the acts
# of each record are numbered and chained; 6 signatures are good (ssh-keygen -Y verify); 7 the house recorded this very
# package, under these very heads.
# 最后打印一行校验行，它包括对本资料包的登记；这一行要与单位另行告知的核对：没有它，重做的整包看不出来。
# The line printed at the end covers the record of this very package. Compare it with the one the house tells you by
# another way: without that, nothing here shows that somebody made the whole package anew.
LC_ALL=C
rest=${PATH:-}: PATH=''
while [ -n "$rest" ]; do # no program out of the package, whose folder may be the one we stand in
  case ${rest%%:*} in /*) PATH=${PATH:+$PATH:}${rest%%:*} ;; esac
  rest=${rest#*:}
done
case ${TMPDIR:-} in /*) ;; *) TMPDIR=/tmp ;; esac
export LC_ALL PATH TMPDIR
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_COMMON_DIR CDPATH
unset GIT_TEMPLATE_DIR GIT_CONFIG_COUNT GIT_CONFIG_PARAMETERS GIT_NAMESPACE GIT_DEFAULT_REF_FORMAT
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_NO_REPLACE_OBJECTS=1 GIT_DEFAULT_HASH=sha1

tab=$(printf '\t')
controls=$(printf '\001-\037\177')
unseen=$(printf 's/\302[\200-\237]/?/g;s/\330\234/?/g;s/\342\200[\213-\217\250-\256]/?/g;s/\342\201[\240-\257]/?/g;s/\357\273\277/?/g')
wrong=0
clean() { tr '\t\001-\010\013-\037\177' ' [?*]' | sed "$unseen$1"; } # nothing a terminal obeys or shows the other way round
plain() { printf '%s' "$1" | tr '\n' '?' | clean; }
good() { printf '  OK    %s\n' "$1"; }
bad() { # what is wrong, and line by line where; no line begins with a word of the package
  printf '  WRONG %s\n' "$(plain "$1")"
  [ -z "${2-}" ] || printf '%s\n' "$2" | clean ';s/^ */          /'
  wrong=$((wrong + 1))
}
stop() { printf '无法核验 CANNOT BE CHECKED: %s\n' "$1" >&2; exit 2; }
verdict() {
  echo
  if [ "$wrong" -eq 0 ]; then
    echo '结论：完好 VERDICT: GOOD'
    exit 0
  fi
  printf '结论：有 %s 处问题 VERDICT: %s PROBLEMS\n' "$wrong" "$wrong"
  exit 1
}

for tool in git ssh-keygen sort comm cut tr sed uniq dirname mktemp cat rm; do
  command -v "$tool" >/dev/null 2>&1 || stop "$tool ?"
done
if command -v sha256sum >/dev/null 2>&1; then sum=sha256sum
elif command -v shasum >/dev/null 2>&1; then sum='shasum -a 256'
else stop 'sha256sum ? shasum ?'
fi
if [ "$#" -gt 0 ]; then bag=$1; else bag=$(dirname -- "$0")/../..; fi
cd -- "$bag" 2>/dev/null && bag=$(pwd) || stop "$(plain "$bag")"
work=$(mktemp -d "$TMPDIR/verify.XXXXXX") || stop "mktemp"
trap 'rm -rf "$work"' EXIT
trap 'exit 2' HUP INT TERM
hash_of() { $sum <"$1" | cut -d ' ' -f 1; }

printf '资料包 Package: %s\n' "$(plain "$bag")"

# ── how a list may be written: what was read of it, put together again, is the very file
is_hex() { # text, how many digits
  case $1 in *[!0-9a-f]*) return 1 ;; esac
  [ "${#1}" -eq "$2" ]
}
is_path() { # below here, and read by every tool alike
  case /$1/ in *//* | */./* | */../* | *\"* | *\\* | *"$tab"*) return 1 ;; esac
}
is_branch() {
  case /$1/ in *//* | *[!a-z0-9/-]*) return 1 ;; esac
}
form_of() { # path in a ledger → event, signature or file, by its name alone
  form='' name=${1#*/}
  act=${name#[0-9][0-9]/[0-9][0-9]/[0-9][0-9][0-9][0-9][0-9][0-9]/}
  case $act in
    "$name") ;;
    files/*) is_hex "${act#files/}" 64 && form=file ;;
    [0-9][0-9][0-9][0-9]-?*.json) form=event ;;
    [0-9][0-9][0-9][0-9]-?*.json.sig) form=signature ;;
  esac
  act=${act%.sig} && act=${act%.json}
  case ${1%%/*}/$act in *[!a-z0-9_/-]*) form='' ;; esac
  [ "$form" = file ] || case $act in */*) form='' ;; esac
}
is_object() { # name of a file in a folder `git`
  case $1 in *.tree | *.commit) is_hex "${1%.*}" 40 ;; *) return 1 ;; esac
}
is_as_read() { # list, and by what it is sorted: each line stands once, and was read as it is written
  sort -u -t "$tab" -k "$2" "$work/again" >"$work/sorted"
  tr -d '\000-\010\013-\037\177' <"$1" >"$work/plain"
  [ "$(hash_of "$1")" = "$(hash_of "$work/sorted")" ] && [ "$(hash_of "$1")" = "$(hash_of "$work/plain")" ]
}
as_listed() { # list of hashes, what is wrong where a file has another
  $sum -c "$1" >"$work/sums" 2>/dev/null || { bad "$2" "$(sed '/: OK$/d' "$work/sums")"; return 1; }
}
unreadable() { bad "$1: 写法不符 is not written as it must be: $2"; verdict; }

# ── 1 the bag
readme='请先阅读 README.html'
odd() { printf '%s\n' "$(plain "$1")" >>"$work/odd"; }
walk() { # folder → its files, one on a line
  folder=$1 && set -- "$1"/* "$1"/.[!.]* "$1"/..?*
  [ -e "$1" ] || [ -e "$2" ] || [ -e "$3" ] || odd "$folder/"
  for found; do
    case $found in *[$controls]*) odd "$found"; continue ;; esac
    if [ -L "$found" ]; then odd "$found"
    elif [ -d "$found" ]; then walk "$found"
    elif [ -f "$found" ]; then printf '%s\n' "$found"
    elif [ -e "$found" ]; then odd "$found"
    fi
  done
}
: >"$work/odd"
walk . | cut -c 3- | sort >"$work/there"
[ ! -s "$work/odd" ] || { bad "不是普通文件或空文件夹 not an ordinary file, or an empty folder:" "$(cat "$work/odd")"; verdict; }
for list in tagmanifest-sha256.txt manifest-sha256.txt; do
  [ -s "$list" ] || { bad "$list: 缺失 missing"; verdict; }
  : >"$work/again" && : >"$work/$list"
  while IFS= read -r line || [ -n "$line" ]; do
    hash=${line%%  *} path=${line#*  }
    is_hex "$hash" 64 && is_path "$path" || unreadable "$list" "$line"
    case $list:$path in
      manifest-sha256.txt:data/?*) ;;
      tagmanifest-sha256.txt:bagit.txt | tagmanifest-sha256.txt:bag-info.txt | tagmanifest-sha256.txt:"$readme") ;;
      tagmanifest-sha256.txt:manifest-sha256.txt | tagmanifest-sha256.txt:pull/events/?*) ;;
      tagmanifest-sha256.txt:pull/files.tsv | tagmanifest-sha256.txt:pull/ledgers.tsv | tagmanifest-sha256.txt:pull/head.json) ;;
      tagmanifest-sha256.txt:pull/git/*) is_object "${path#pull/git/}" || unreadable "$list" "$path" ;;
      *) bad "$list: 不属于资料包 does not belong in a package: $path" ;;
    esac
    printf '%s  %s\n' "$hash" "$path" >>"$work/again"
    printf '%s\n' "$path" >>"$work/$list"
  done <"$list"
  is_as_read "$list" 1.67 || unreadable "$list" ''
  as_listed "$list" "$list: 校验值不符或缺文件 a file is altered or missing:" &&
    good "$list: 每个文件的校验值相符 every file has its hash"
done
{
  cat "$work/manifest-sha256.txt" "$work/tagmanifest-sha256.txt"
  echo tagmanifest-sha256.txt
} | sort >"$work/listed"
if added=$(comm -13 "$work/listed" "$work/there") && [ -z "$added" ]; then
  good "没有多出的文件 no file was added"
else
  bad "多出的文件 added:" "$added"
fi
beside=data/proof/beside-sha256.txt # what no other list of the house vouches for
[ "$(cut -c 67- "$beside")" = "$(printf '%s\n' bag-info.txt bagit.txt "$readme")" ] || unreadable "$beside" ''
as_listed "$beside" "不是单位放入的 not what the house put in:"

# ── the top-level text or number of a key, in the canonical JSON of an act
previous_of() { # body → hash or null
  value=${1#*\},\"previous\":}
  value=${value%%,*}
  value=${value#\"}
  printf '%s' "${value%\"}"
}
signer_of() { # body → null or {"key":…,"meaning":…,"person":…}
  value=${1##*,\"signer\":}
  printf '%s' "${value%%,\"state\":*}"
}
sequence_of() {
  value=${1##*,\"repository\":\"}
  value=${value#*,\"sequence\":}
  printf '%s' "${value%%,*}"
}
recorded_of() { # body → moment as written, with the offset from UTC
  value=${1##*,\"recorded_at\":\"}
  printf '%s' "${value%%\"*}"
}
is_signed() { # event, its signature, what the event says of the signer, when it was recorded
  person=${3##*\"person\":\"} && person=${person%%\"*}
  meaning=${3##*\"meaning\":\"} && meaning=${meaning%%\"*}
  key=${3##*\"key\":\"} && key=${key%%\"*}
  case $4 in ????-??-??T??:??:??[+-]??:??) ;; *) return 1 ;; esac
  clock=${4%[+-]??:??} && offset=${4#"$clock"}
  case $offset in +*) zone=UTC-${offset#+} ;; *) zone=UTC+${offset#-} ;; esac
  said=$(printf '%s' "$clock" | tr -d 'T:-') || return 1
  said=$(TZ=$zone ssh-keygen -Y verify -f data/proof/allowed_signers -I "$person" -n "qms-$meaning@v1" \
    -s "$2" -O verify-time="$said" <"$1" 2>&1) || return 1
  case $key:$said in SHA256:?*:*" $key"*) ;; *) return 1 ;; esac
}

# ── 2–6 one proof: its folder, and the folder the paths of its table begin at
total=0 masked=0 signed=0 unchecked=0 withheld=0
tables() { # nothing else is believed before every line of both tables is written as it must be
  for table in files.tsv ledgers.tsv; do
    [ -s "$proof/$table" ] || { bad "$proof/$table: 缺失 missing"; verdict; }
  done
  : >"$work/again"
  while IFS=$tab read -r kind branch path oid hash where || [ -n "$kind" ]; do
    form_of "$path"
    own=${proof#"$base"}/events/$branch/$path
    is_branch "$branch" && is_hex "$oid" 40 && is_hex "$hash" 64 && is_path "$where" || unreadable "$proof/files.tsv" "$path"
    [ "$form" != file ] || [ "${path##*/}" = "$hash" ] || unreadable "$proof/files.tsv" "$path"
    case $kind:$form:$where in
      event:event:"$own" | masked:event:"$own" | signature:signature:"$own" | file:file:"$own" | withheld:file:-) ;;
      file:file:*) [ "$proof" = data/proof ] || unreadable "$proof/files.tsv" "$where" ;;
      *) unreadable "$proof/files.tsv" "$kind $path" ;;
    esac
    printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$kind" "$branch" "$path" "$oid" "$hash" "$where" >>"$work/again"
  done <"$proof/files.tsv"
  is_as_read "$proof/files.tsv" 2,3 || unreadable "$proof/files.tsv" ''
  : >"$work/again"
  while IFS=$tab read -r branch commit || [ -n "$branch" ]; do
    is_branch "$branch" && is_hex "$commit" 40 || unreadable "$proof/ledgers.tsv" "$branch"
    [ -f "$proof/git/$commit.commit" ] || bad "$branch: 缺少 $commit missing"
    printf '%s\t%s\n' "$branch" "$commit" >>"$work/again"
  done <"$proof/ledgers.tsv"
  is_as_read "$proof/ledgers.tsv" 1,1 || unreadable "$proof/ledgers.tsv" ''
}
check() {
  proof=$1 base=$2
  before=$wrong
  tables
  rm -rf "$work/git" && git init -q --bare "$work/git" 2>/dev/null || stop "git init"
  for object in "$proof"/git/*; do
    name=${object##*/}
    is_object "$name" || { bad "$object: 不属于资料包 does not belong in a package"; continue; }
    made=$(git --git-dir="$work/git" hash-object -w -t "${name##*.}" --stdin <"$object" 2>/dev/null)
    [ "$made" = "${name%.*}" ] || bad "$object: 与名称不符 is not what its name says"
  done

  # 3 what stands in the folders under the heads, against what is listed
  : >"$work/stands"
  cut -f 2,3 "$proof/files.tsv" | while IFS=$tab read -r branch path; do
    folder=${path%/*}
    printf '%s\t%s\n' "$branch" "${folder%/files}"
  done | sort -u >"$work/folders"
  while IFS=$tab read -r branch commit; do
    while IFS=$tab read -r its folder; do
      [ "$its" = "$branch" ] || continue
      git --git-dir="$work/git" ls-tree -r "$commit" "$folder/" >"$work/tree" 2>/dev/null ||
        bad "$branch $folder: 无法列出 cannot be listed"
      while IFS=$tab read -r entry path; do
        case $entry in '100644 blob '*) ;; *) bad "$branch $path: $entry" ;; esac
        printf '%s\t%s\t%s\n' "$branch" "$path" "${entry##* }" >>"$work/stands"
      done <"$work/tree"
    done <"$work/folders"
  done <"$proof/ledgers.tsv"
  sort "$work/stands" >"$work/stands.sorted"
  cut -f 2,3,4 "$proof/files.tsv" | sort >"$work/said.sorted"
  if lacks=$(comm -3 "$work/stands.sorted" "$work/said.sorted") && [ -z "$lacks" ]; then
    good "$proof: 清单与单位记录库逐份相符，不多不少 the folders of the house hold exactly what is listed"
  else
    bad "$proof: 清单与记录库不符 not what stands in the house:" "$lacks"
  fi

  # 4 the bytes of what is here
  : >"$work/paths" && : >"$work/oids" && : >"$work/hashes"
  while IFS=$tab read -r kind branch path oid hash where; do
    case $kind in
      event | signature | file)
        printf './%s\n' "$base$where" >>"$work/paths"
        printf '%s\n' "$oid" >>"$work/oids"
        printf '%s  ./%s\n' "$hash" "$base$where" >>"$work/hashes" ;;
      masked) # only the recorded manifest vouches for it, and that lists the payload
        own=data/proof/events/$branch/$path
        [ -f "$own" ] && [ "$(hash_of "$own")" = "$(hash_of "$base$where")" ] || bad "$where: 不是单位放入的 not what the house put in" ;;
    esac
  done <"$proof/files.tsv"
  if git --git-dir="$work/git" hash-object --no-filters --stdin-paths <"$work/paths" >"$work/made" 2>/dev/null &&
    [ "$(hash_of "$work/made")" = "$(hash_of "$work/oids")" ] && $sum -c "$work/hashes" >/dev/null 2>&1; then
    good "$proof: 每个文件与记录库中的逐字节相同 every file is the stored one, byte for byte"
  else
    bad "$proof: 有文件与记录库中的不同 a file is not the stored one"
  fi

  # 5 and 6, act by act
  record='' count=0 last=null
  sort -t "$tab" -k 2,3 "$proof/files.tsv" >"$work/files" && : >"$work/signed" && : >"$work/signatures"
  while IFS=$tab read -r kind branch path oid hash where; do
    case $kind in
      event | masked) ;;
      withheld) withheld=$((withheld + 1)); continue ;;
      signature) printf '%s\n' "$branch/$path" >>"$work/signatures"; continue ;;
      *) continue ;;
    esac
    total=$((total + 1))
    folder=$branch/${path%/*} name=${path##*/}
    [ "$folder" = "$record" ] || { record=$folder count=0 last=null; }
    count=$((count + 1))
    body=$(cat "$base$where" 2>/dev/null)
    number=${name%%-*}
    while [ "${number#0}" != "$number" ]; do number=${number#0}; done
    [ "$number" = "$count" ] && [ "$(sequence_of "$body")" = "$count" ] || bad "$branch/$path: 序号不连续 out of sequence"
    [ "$(previous_of "$body")" = "$last" ] || bad "$branch/$path: 与前一事项不相连 does not follow the act before it"
    last=$hash
    signer=$(signer_of "$body")
    [ "$kind" = masked ] && masked=$((masked + 1))
    [ "$signer" = null ] && continue
    printf '%s\n' "$branch/$path.sig" >>"$work/signed"
    [ "$kind" = masked ] && { unchecked=$((unchecked + 1)); continue; }
    if is_signed "$base$where" "$base$where.sig" "$signer" "$(recorded_of "$body")"; then
      signed=$((signed + 1))
    else
      bad "$branch/$path: 签名无效 no good signature of $person"
    fi
  done <"$work/files"
  sort "$work/signed" >"$work/signed.sorted" && sort "$work/signatures" >"$work/signatures.sorted"
  odd=$(comm -3 "$work/signed.sorted" "$work/signatures.sorted")
  [ -z "$odd" ] || bad "$proof: 签名与事项对不上 acts and signatures do not belong together:" "$odd"
  [ "$wrong" = "$before" ] && good "$proof: 事项连续、首尾相接 acts are in sequence and chained"
}
check data/proof data/
check pull ''
cut -f 6 pull/files.tsv | sort >"$work/named"
while IFS= read -r path; do
  case $path in pull/events/*) printf '%s\n' "$path" ;; esac
done <"$work/tagmanifest-sha256.txt" | sort >"$work/events"
odd=$(comm -3 "$work/named" "$work/events")
[ -z "$odd" ] || bad "pull: 不属于资料包 does not belong in a package:" "$odd"
{ # what the head of the journal leads to; nothing else lies there
  cut -f 2 pull/ledgers.tsv
  for object in pull/git/*.commit; do sed -n '1s/^tree //p' "$object"; done
  for object in pull/git/*.tree; do
    object=${object##*/}
    git --git-dir="$work/git" ls-tree "${object%.*}" 2>/dev/null | sed -n 's/^040000 tree \([0-9a-f]*\).*/\1/p'
  done
} | sort -u >"$work/named"
sed -n 's|^pull/git/\(.*\)[.].*|\1|p' "$work/tagmanifest-sha256.txt" | sort >"$work/objects"
odd=$(comm -13 "$work/named" "$work/objects")
[ -z "$odd" ] || bad "pull/git: 不属于资料包 does not belong in a package:" "$odd"

# ── 7 the record of this package, and the heads the house recorded
manifest=$(hash_of manifest-sha256.txt)
closing=$(cat pull/head.json) # of it the head line holds the hash, so all that stands under its journal is covered
headline=$(hash_of pull/head.json)
journal=${closing#*,\"ledger\":\"} && journal=${journal%%\"*}
after=${closing##*,\"journal\":\"} && after=${after%%\"*}
case $(recorded_of "$closing") in ????-??-??T??:??:??[+-]??:??) ;; *) unreadable pull/head.json '' ;; esac
if [ "$(cat pull/ledgers.tsv)" = "$journal$tab$after" ]; then
  good "校验行包括对这个资料包的登记 the head line covers the record of this package"
else
  bad "校验行不包括对这个资料包的登记 the head line does not cover the record of this package"
fi
begun='' record='' heads='' packs=0 noted=0
while IFS=$tab read -r kind branch path oid hash where; do
  case $kind:$path in
    event:pull/*-issue.json) begun=$(cat "$where") ;;
    event:pull/*-pack.json) record=$(cat "$where") && packs=$((packs + 1)) ;;
    event:heads/*.json) heads=$(cat "$where") && noted=$((noted + 1)) ;; # where the ledgers stood before the package
  esac
done <pull/files.tsv
[ "$packs:$noted" = 1:1 ] || bad "pull: 应恰有一项打包、一项校验行 one pack and one heads act are due: $packs, $noted"
by=$(signer_of "$record")
[ "$by" != null ] || [ "$(signer_of "$begun")" = null ] || bad "pull: 登记的签名被去掉了 the signature of the record was taken off"
case $record in
  *"\"manifest\":\"$manifest\""*) good "单位登记的就是这个资料包 the house recorded this very package" ;;
  *) bad "单位登记的不是这个资料包 the house recorded another package" ;;
esac
unproven=''
heads_of() { # site → what the package holds of the state its journal noted
  while IFS=$tab read -r kind its path oid hash where; do
    case $kind:$its:$path in
      event:"qms/journal/$1":heads/*.json) cat "data/$where" && printf '%s %s\n' "$its" "$hash" >>"$work/others" ;;
    esac
  done <data/proof/files.tsv
}
: >"$work/others"
while IFS=$tab read -r branch commit; do
  site=${branch##*/} said=$heads
  case $branch in
    "$journal" | qms/control | records/*/*/"${journal##*/}") ;;
    *) said=$(heads_of "$site") ;;
  esac
  case $branch:$said in
    "$journal":*)
      while IFS=$tab read -r kind its path oid hash where; do
        [ "$its" != "$branch" ] || printf '%s %s %s\n' "$path" "$oid" "$hash"
      done <data/proof/files.tsv | sort >"$work/proved"
      cut -f 3,4,5 pull/files.tsv | tr "$tab" ' ' | sort >"$work/here"
      odd=$(comm -23 "$work/proved" "$work/here")
      [ -z "$odd" ] || bad "$branch: 不在登记的校验行下 does not stand under the head line:" "$odd" ;;
    qms/journal/*:?* | *"\"$branch\":{\"commit\":\"$commit\""*) ;;
    qms/control:* | records/*/*/"${journal##*/}":* | *:?*) bad "$branch: 不是单位登记的状态 not at the head the house recorded" ;;
    *) unproven="$unproven $branch" ;;
  esac
done <data/proof/ledgers.tsv
sort -u "$work/others" >"$work/noted"
twice=$(cut -d ' ' -f 1 "$work/noted" | uniq -d)
[ -z "$twice" ] || bad "$twice: 应恰有一项校验行 one heads act is due"

echo
printf '事项 acts: %s · 签名有效 signatures good: %s\n' "$total" "$signed"
if [ "$masked" -gt 0 ]; then
  printf '%s 项已隐去个人信息：校验值首尾相接，单位出示原件后可核对（其中 %s 项有签名待核）；在此之前，其内容只由单位登记的清单担保\n' "$masked" "$unchecked"
  printf '%s acts are masked: their hashes are chained; they can be checked when the house discloses them (%s signatures wait for that); until then nothing but the recorded manifest vouches for what they say\n' "$masked" "$unchecked"
fi
[ "$withheld" -gt 0 ] && printf '%s 个附件未提供，仅列校验值 · %s attachments were left out, their hashes are listed\n' "$withheld" "$withheld"
[ -n "$unproven" ] && printf '其他分公司的记录，提取时本地点还不知道其登记本的状态，请向该分公司核对 records of other sites whose journal was not known when the package was made; ask that site:%s\n' "$unproven"
if [ "$by" = null ]; then echo '对这个资料包的登记无人签名 nobody signed the record of this package'; fi
number=$(printf '%s' "$closing" | sed -n 's/.*"number":"\(HEADS-[0-9A-Z-]*\)".*/\1/p')
repository=${closing##*,\"repository\":\"} && repository=${repository%%\"*}
ledgers=0 events=0
for count in $(printf '%s' "$closing" | tr '{' '\n' | sed -n 's/^"commit":"[0-9a-f]*","events":\([0-9]*\),"last":$/\1/p'); do
  ledgers=$((ledgers + 1)) events=$((events + count))
done
line="qmsdocs ${journal##*/} $(recorded_of "$closing") $number $headline $ledgers $events ${repository%"${repository#????????}"}"
echo '下一行必须与单位另行告知的一致（提取时显示；单位可运行 qmsdocs audit --head 核对），不一致就是另一个资料包：'
echo 'The next line must be the one the house tells you by another way (`export pull` shows it, `qmsdocs audit --head FILE`'
echo 'compares it there). Another line, another package:'
printf '  %s\n' "$(plain "$line")"
[ -s "$work/noted" ] && echo '其他分公司的校验行 head lines of other sites:'
while IFS= read -r line; do printf '  %s\n' "$line"; done <"$work/noted"
verdict
