#!/bin/sh
# 核验本资料包：只用 coreutils、openssh 和 git，不需要我们的程序。用法：sh verify.sh
# Checks this package with nothing but coreutils, openssh and git. Usage: sh verify.sh
# 退出码 / exit: 0 完好 good · 1 有问题 something is wrong · 2 无法核验 could not be checked
# What it checks: 1 every file has the hash in the manifests, none is added; 2 the git objects have their names;
# 3 in the record folders under each ledger's head stand exactly the files listed, none left out, none added;
# 4 every file listed is byte for byte the one in that folder; 5 the acts of each record are numbered and chained;
# 6 signatures are good (ssh-keygen -Y verify); 7 the house recorded this very package, under these very heads.
LC_ALL=C
export LC_ALL
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES CDPATH
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_NO_REPLACE_OBJECTS=1

tab=$(printf '\t')
wrong=0
good() { printf '  OK    %s\n' "$1"; }
bad() { printf '  WRONG %s\n' "$1"; wrong=$((wrong + 1)); }
stop() { printf '无法核验 CANNOT BE CHECKED: %s\n' "$1" >&2; exit 2; }

bag=$(cd -- "$(dirname -- "$0")/../.." 2>/dev/null && pwd) || stop "$0"
cd -- "$bag" || stop "$bag"
for tool in git ssh-keygen sort comm cut dirname mktemp; do
  command -v "$tool" >/dev/null 2>&1 || stop "$tool ?"
done
if command -v sha256sum >/dev/null 2>&1; then sum='sha256sum'; else sum='shasum -a 256'; fi
work=$(mktemp -d "${TMPDIR:-/tmp}/verify.XXXXXX") || stop "mktemp"
trap 'rm -rf "$work"' EXIT
trap 'exit 2' HUP INT TERM
hash_of() { $sum <"$1" | cut -d ' ' -f 1; }

printf '资料包 Package: %s\n' "$bag"

# ── 1 the bag
for list in tagmanifest-sha256.txt manifest-sha256.txt; do
  : >"$work/sums"
  if [ -f "$list" ] && $sum -c "$list" >"$work/sums" 2>/dev/null; then
    good "$list: 每个文件的校验值相符 every file has its hash"
  else
    bad "$list: 校验值不符或缺文件 a file is altered or missing"
    while IFS= read -r line; do
      case $line in *': OK') ;; *) printf '          %s\n' "$line" ;; esac
    done <"$work/sums"
  fi
done
cut -c 67- tagmanifest-sha256.txt 2>/dev/null | while IFS= read -r path; do $sum "$path"; done >"$work/again" 2>/dev/null
[ "$(hash_of "$work/again")" = "$(hash_of tagmanifest-sha256.txt)" ] ||
  bad "tagmanifest-sha256.txt: 被改动 altered"
walk() {
  for found in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    if [ -L "$found" ]; then printf '%s\n' "$found"
    elif [ -d "$found" ]; then walk "$found"
    elif [ -e "$found" ]; then printf '%s\n' "$found"
    fi
  done
}
{
  cut -c 67- manifest-sha256.txt tagmanifest-sha256.txt 2>/dev/null
  echo tagmanifest-sha256.txt
} | sort >"$work/listed"
walk . | cut -c 3- | sort >"$work/there"
if added=$(comm -13 "$work/listed" "$work/there") && [ -z "$added" ]; then
  good "没有多出的文件 no file was added"
else
  bad "多出的文件 added: $added"
fi

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

# ── 2–6 one proof: its folder, and the folder the paths of its table begin at
total=0 masked=0 signed=0 unchecked=0 withheld=0
check() {
  proof=$1 base=$2
  before=$wrong
  for table in files.tsv ledgers.tsv; do
    [ -s "$proof/$table" ] || { bad "$proof/$table: 缺失 missing"; return; }
  done
  rm -rf "$work/git" && git init -q --bare "$work/git" 2>/dev/null || stop "git init"
  for object in "$proof"/git/*; do
    name=${object##*/}
    made=$(git --git-dir="$work/git" hash-object -w -t "${name##*.}" --stdin <"$object" 2>/dev/null)
    [ "$made" = "${name%.*}" ] || bad "$object: 与名称不符 is not what its name says"
  done

  # 3 what stands in the folders under the heads, against what is listed
  : >"$work/stands" && : >"$work/commits"
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
    printf '%s\n' "$branch" >>"$work/commits"
  done <"$proof/ledgers.tsv"
  sort -u "$work/commits" >"$work/known" && cut -f 1 "$work/folders" | sort -u >"$work/used"
  [ -z "$(comm -13 "$work/known" "$work/used")" ] || bad "$proof/ledgers.tsv: 缺少记录库 a ledger is missing"
  sort "$work/stands" >"$work/stands.sorted"
  cut -f 2,3,4 "$proof/files.tsv" | sort >"$work/said.sorted"
  if lacks=$(comm -3 "$work/stands.sorted" "$work/said.sorted") && [ -z "$lacks" ]; then
    good "$proof: 清单与单位记录库逐份相符，不多不少 the folders of the house hold exactly what is listed"
  else
    bad "$proof: 清单与记录库不符 not what stands in the house: $lacks"
  fi

  # 4 the bytes of what is here
  : >"$work/paths" && : >"$work/oids" && : >"$work/hashes"
  while IFS=$tab read -r kind branch path oid hash moment where; do
    case $kind in
      event | signature | file)
        printf '%s\n' "$base$where" >>"$work/paths"
        printf '%s\n' "$oid" >>"$work/oids"
        printf '%s  %s\n' "$hash" "$base$where" >>"$work/hashes" ;;
      masked) [ -f "$base$where" ] || bad "$where: 缺失 missing" ;;
      withheld) [ "$hash" = "${path##*/}" ] || bad "$path: 清单有误 wrong in the list" ;;
      *) bad "$kind: 未知 unknown" ;;
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
  sort -t "$tab" -k 2,3 "$proof/files.tsv" >"$work/files"
  while IFS=$tab read -r kind branch path oid hash moment where; do
    case $kind in event | masked) ;; withheld) withheld=$((withheld + 1)); continue ;; *) continue ;; esac
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
    [ "$kind" = masked ] && { unchecked=$((unchecked + 1)); continue; }
    person=${signer##*\"person\":\"} && person=${person%%\"*}
    meaning=${signer##*\"meaning\":\"} && meaning=${meaning%%\"*}
    key=${signer##*\"key\":\"} && key=${key%%\"*}
    if said=$(ssh-keygen -Y verify -f data/proof/allowed_signers -I "$person" -n "qms-$meaning@v1" \
      -s "$base$where.sig" -O verify-time="$moment" <"$base$where" 2>&1); then
      case $said in *"$key"*) signed=$((signed + 1)) ;; *) bad "$branch/$path: 密钥不符 another key" ;; esac
    else
      bad "$branch/$path: 签名无效 no good signature of $person"
    fi
  done <"$work/files"
  [ "$wrong" = "$before" ] && good "$proof: 事项连续、首尾相接 acts are in sequence and chained"
}
check data/proof data/
check pull ''

# ── 7 the record of this package, and the heads the house recorded
manifest=$(hash_of manifest-sha256.txt)
record='' heads=''
while IFS=$tab read -r kind branch path oid hash moment where; do
  case $kind:$path in
    event:pull/*-pack.json) record=$(cat "$where") ;;
    event:heads/*) heads=$(cat "$where") ;;
  esac
done <pull/files.tsv
case $record in
  *"\"manifest\":\"$manifest\""*) good "单位登记的就是这个资料包 the house recorded this very package" ;;
  *) bad "单位登记的不是这个资料包 the house recorded another package" ;;
esac
while IFS=$tab read -r branch commit; do
  case $branch:$heads in
    qms/journal/*) ;;
    *"\"$branch\":{\"commit\":\"$commit\""*) ;;
    *) bad "$branch: 不是单位登记的状态 not at the head the house recorded" ;;
  esac
done <data/proof/ledgers.tsv

echo
printf '事项 acts: %s · 签名有效 signatures good: %s\n' "$total" "$signed"
if [ "$masked" -gt 0 ]; then
  printf '%s 项已隐去个人信息：校验值首尾相接，单位出示原件后可核对（其中 %s 项有签名待核）\n' "$masked" "$unchecked"
  printf '%s acts are masked: their hashes are chained; they can be checked when the house discloses them (%s signatures wait for that)\n' "$masked" "$unchecked"
fi
[ "$withheld" -gt 0 ] && printf '%s 个附件未提供，仅列校验值 · %s attachments were left out, their hashes are listed\n' "$withheld" "$withheld"
printf '请与单位留存的校验行核对 compare with the head line the house keeps:\n'
while IFS=$tab read -r branch commit; do printf '  %s %s\n' "$branch" "$commit"; done <pull/ledgers.tsv
echo
if [ "$wrong" -eq 0 ]; then
  echo '结论：完好 VERDICT: GOOD'
  exit 0
fi
printf '结论：有 %s 处问题 VERDICT: %s PROBLEMS\n' "$wrong" "$wrong"
exit 1
