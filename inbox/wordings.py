"""The words of every reason to refuse a delivery: found, wanted, do; Chinese and English.

Names in braces are facts of the refusal; `place` is the file and, where there is one, the row.
"""

from __future__ import annotations

from collections.abc import Mapping

Wording = tuple[str, str, str]

WORDINGS: Mapping[str, Mapping[str, Wording]] = {
    "bad_id": {
        "zh": (
            "批次文件夹的名称不可用",
            "以字母或数字开头，只含字母、数字、. _ -，至多 100 个字符，不含身份号码",
            "改名后重新报送",
        ),
        "en": (
            "the delivery folder's name cannot be used",
            "a letter or digit, then letters, digits, '.', '_' or '-', 100 characters at most, no identity number",
            "rename it and deliver again",
        ),
    },
    "wrong_id": {
        "zh": ("manifest.json 中的 id 与文件夹名称不同", "两者相同", "改正其一后重新报送"),
        "en": ("the id in manifest.json is not the folder's name", "both alike", "correct one and deliver again"),
    },
    "manifest_malformed": {
        "zh": (
            "manifest.json 不合格式：{problem_zh}",
            "{{resource, id, period, files: [{{name, rows, sha256}}]}}",
            "改正后重新报送",
        ),
        "en": (
            "manifest.json is not of the format: {problem}",
            "{{resource, id, period, files: [{{name, rows, sha256}}]}}",
            "correct it and deliver again",
        ),
    },
    "unknown_resource": {
        "zh": ("manifest.json 所写的资源未登记", "目录中的资源，<部门>.<名称>", "核对名称，或先登记该资源"),
        "en": (
            "the resource in manifest.json is not declared",
            "a resource of the catalogue, <department>.<name>",
            "correct its name, or have it declared first",
        ),
    },
    "wrong_department": {
        "zh": ("资源 {resource} 不属于部门 {department}", "放入资源所属部门的文件夹", "放入正确的文件夹后重新报送"),
        "en": (
            "resource {resource} does not belong to department {department}",
            "the folder of the resource's own department",
            "deliver it there",
        ),
    },
    "not_rejected": {
        "zh": (
            "redrives 第 {number} 项所指不是该资源的问题数据，或重复",
            "每项各指一条曾被退回的数据",
            "用 onefile quarantine export 导出后改正，或不写 redrives 重新报送",
        ),
        "en": (
            "entry {number} of redrives names no row of the resource that was rejected, or one twice",
            "a rejected row in each entry",
            "correct what `onefile quarantine export` wrote, or deliver again without redrives",
        ),
    },
    "unknown_department": {
        "zh": ("收件箱中的部门文件夹没有任何已登记的资源", "已登记部门的编号", "改名，或先登记该部门的资源"),
        "en": (
            "a department folder in the inbox has no declared resource",
            "the id of a department that supplies one",
            "rename it, or declare its resources first",
        ),
    },
    "signature_missing": {
        "zh": ("没有 manifest.json.sig", "部门密钥对 manifest.json 的签名", "签名后重新报送"),
        "en": ("no manifest.json.sig", "manifest.json signed by the department's key", "sign it and deliver again"),
    },
    "signature_bad": {
        "zh": (
            "manifest.json.sig 与 manifest.json 不符",
            "部门有效密钥对其全部字节的 Ed25519 签名，64 字节",
            "重新签名后报送",
        ),
        "en": (
            "manifest.json.sig does not fit manifest.json",
            "64 bytes, Ed25519 over all its bytes by a key of the department in force",
            "sign it anew and deliver again",
        ),
    },
    "key_unknown": {
        "zh": (
            "批次已签名，但部门 {department} 没有有效的登记密钥",
            "已登记且有效的公钥",
            "登记公钥：onefile department keys add {department} 文件",
        ),
        "en": (
            "it is signed, but department {department} has no registered key in force",
            "a registered public key",
            "register it: onefile department keys add {department} FILE",
        ),
    },
    "key_retired": {
        "zh": ("签名所用的密钥 {key} 此时不在有效期内", "在收到之时有效的密钥", "用有效的密钥签名后重新报送"),
        "en": (
            "it is signed by key {key}, which is not in force at the time of receipt",
            "a key in force",
            "sign it with a key in force and deliver again",
        ),
    },
    "id_reused": {
        "zh": ("批次号 {id} 已用于另一批内容不同的数据", "每批数据一个新的批次号", "换一个批次号后重新报送"),
        "en": (
            "delivery id {id} is already used for other bytes",
            "a new id for each delivery",
            "give it a new id and deliver again",
        ),
    },
    "future_period": {
        "zh": (
            "所属期最后一天 {last_day} 晚于收到之日 {received}",
            "不晚于收到之日的所属期",
            "改正 period，或届时再报送",
        ),
        "en": (
            "the period's last day is {last_day}, after the day of receipt {received}",
            "a period that has ended on the day of receipt",
            "correct the period, or deliver when it has come",
        ),
    },
    "no_files": {
        "zh": ("manifest.json 没有列出文件", "至少一个文件；没有数据时为只有表头的文件", "列出文件后重新报送"),
        "en": (
            "manifest.json lists no file",
            "at least one; with nothing to hand over, a file with only its header",
            "list it and deliver again",
        ),
    },
    "bad_file_name": {
        "zh": (
            "第 {number} 个文件的名称不可用",
            "不含 / \\ 和控制字符，不以 . 开头，至多 200 字节，不含身份号码，不是本系统保留的名称",
            "改名后重新报送",
        ),
        "en": (
            "the name of file {number} of the list cannot be used",
            "no '/', '\\', control character or identity number, no '.' in front, 200 bytes at most, no name of ours",
            "rename the file and deliver again",
        ),
    },
    "symbolic_link": {
        "zh": ("含有符号链接 {count} 个", "只有普通文件", "放入文件本身后重新报送"),
        "en": ("{count} symbolic link(s)", "plain files only", "put the files themselves and deliver again"),
    },
    "not_a_file": {
        "zh": (
            "含有非普通文件（文件夹、管道、设备或硬链接）{count} 个",
            "只有普通文件，各有自己的字节",
            "放入普通文件后重新报送",
        ),
        "en": (
            "{count} entries that are no plain files (folders, pipes, devices, hard links)",
            "plain files only, each with bytes of its own",
            "put plain files and deliver again",
        ),
    },
    "file_missing": {
        "zh": ("缺少 manifest.json 所列的文件 {file!r}", "所列文件齐全，manifest.json 最后放入", "补齐文件后重新报送"),
        "en": (
            "file {file!r} of manifest.json is not there",
            "every listed file, and manifest.json put in last",
            "put all files and deliver again",
        ),
    },
    "file_surplus": {
        "zh": ("有 {count} 个文件未列入 manifest.json", "只有所列的文件", "列入或取出后重新报送"),
        "en": (
            "{count} file(s) that manifest.json does not list",
            "the listed files only",
            "list them or take them out, and deliver again",
        ),
    },
    "hash_differs": {
        "zh": (
            "{place} 的 SHA-256 为 {found}",
            "manifest.json 所写的 {wanted}",
            "文件在途中有变化或写错：核对后重新报送",
        ),
        "en": (
            "{place} has SHA-256 {found}",
            "{wanted}, as manifest.json says",
            "it changed on the way, or the manifest is wrong: check and deliver again",
        ),
    },
    "rows_differ": {
        "zh": ("{place} 有 {found} 行数据", "manifest.json 所写的 {wanted} 行", "核对行数（不含表头）后重新报送"),
        "en": (
            "{place} has {found} data rows",
            "{wanted}, as manifest.json says",
            "check the count (without the header) and deliver again",
        ),
    },
    "encoding": {
        "zh": ("{place} 不是 {wanted} 编码，似为 {found}", "{wanted}", "转换编码后重新报送"),
        "en": ("{place} is not {wanted}; it looks like {found}", "{wanted}", "convert it and deliver again"),
    },
    "line_too_long": {
        "zh": ("{place} 超过 {limit} 字节", "每行至多 {limit} 字节", "检查换行符和引号后重新报送"),
        "en": (
            "{place} has more than {limit} bytes",
            "at most {limit} bytes a record",
            "look at its line ends and quotes, and deliver again",
        ),
    },
    "quoting": {
        "zh": (
            "{place} 的引号不成对或位置不对",
            "RFC 4180：含引号、逗号或换行的字段用引号括起，其中引号写两个",
            "改正后重新报送",
        ),
        "en": (
            "{place} has a quote that is not closed, or stands where none may",
            "RFC 4180: a field with a quote, delimiter or line end is quoted, and a quote in it is doubled",
            "correct it and deliver again",
        ),
    },
    "line_ends": {
        "zh": ("{place} 有单独的回车符", "行尾为 LF 或 CRLF；字段内换行须加引号", "改正换行符后重新报送"),
        "en": (
            "{place} has a carriage return that stands alone",
            "lines that end with LF or CRLF; a line end inside a field is quoted",
            "correct the line ends and deliver again",
        ),
    },
    "control_character": {
        "zh": ("{place} 含有 NUL 字符（0x00）", "没有 NUL 的文本", "去除后重新报送"),
        "en": ("{place} holds a NUL character (0x00)", "text without it", "take it out and deliver again"),
    },
    "fields_differ": {
        "zh": (
            "{place} 有 {found} 个字段",
            "与表头相同的 {wanted} 个",
            "改正该行（常为未加引号的分隔符或空行）后重新报送",
        ),
        "en": (
            "{place} has {found} fields",
            "{wanted}, as the header has",
            "correct it (often an unquoted delimiter or an empty line) and deliver again",
        ),
    },
    "empty_line": {
        "zh": ("{place} 是空行", "空行只可在文件末尾", "去掉空行后重新报送"),
        "en": ("{place} is an empty line", "empty lines at the end of the file only", "take it out and deliver again"),
    },
    "json": {
        "zh": ("{place} 不可用：{problem_zh}", "每行一个 JSON 对象，值为文本、数字、真假或 null", "改正后重新报送"),
        "en": (
            "{place} cannot be used: {problem}",
            "one JSON object a line, its values text, numbers, true, false or null",
            "correct it and deliver again",
        ),
    },
    "xml": {
        "zh": (
            "{place} 不可用：{problem_zh}",
            "格式良好、没有 DOCTYPE 的 XML，每条记录是 {path} 处的一个元素，字段是其下的元素",
            "改正后重新报送",
        ),
        "en": (
            "{place} cannot be used: {problem}",
            "well-formed XML without a document type, a record an element at {path}, its fields the elements below it",
            "correct it and deliver again",
        ),
    },
    "excel": {
        "zh": ("{place} 不可用：{problem_zh}", "未加密的 .xlsx 工作簿，含所声明的工作表和表头", "改正或另存后重新报送"),
        "en": (
            "{place} cannot be used: {problem}",
            "an .xlsx workbook without a password, with the declared sheet and its header",
            "correct it, or save it anew, and deliver again",
        ),
    },
    "archive": {
        "zh": ("{place} 不可用：{problem_zh}", "未加密的 zip 压缩包，只含所声明格式的文件", "改正后重新报送"),
        "en": (
            "{place} cannot be used: {problem}",
            "a zip archive without a password, of files of the declared format only",
            "correct it and deliver again",
        ),
    },
    "width_differs": {
        "zh": ("{place} 长 {found}", "所声明的各字段长度之和 {wanted}", "核对字段长度和字符编码后重新报送"),
        "en": (
            "{place} is {found} long",
            "{wanted}, the sum of the declared widths",
            "check widths and encoding, and deliver again",
        ),
    },
    "character_cut": {
        "zh": ("{place} 的字段边界切断了一个汉字", "字段边界在字符之间", "核对字段长度后重新报送"),
        "en": (
            "{place} has a character across the edge of a field",
            "edges of fields between characters",
            "check the widths and deliver again",
        ),
    },
    "no_header": {
        "zh": ("{place} 没有表头", "第一行是列名；没有数据时也要有", "补上表头后重新报送"),
        "en": (
            "{place} has no header",
            "the column names in the first line, also when there is no data",
            "put the header in and deliver again",
        ),
    },
    "header_repeated": {
        "zh": ("{place} 中 {columns} 重复", "各列名称不同", "改正表头后重新报送"),
        "en": ("{place} repeats {columns}", "a different name for each column", "correct the header and deliver again"),
    },
    "columns_unknown": {
        "zh": ("{place} 有未登记的列：{columns}", "只有资源 {resource} 已登记的列", "去掉这些列，或先登记"),
        "en": (
            "{place} has columns that are not declared: {columns}",
            "only columns that resource {resource} declares",
            "leave them out, or have them declared first",
        ),
    },
    "columns_missing": {
        "zh": ("{place} 缺少列：{columns}", "资源 {resource} 登记的各列", "补上这些列（可以为空）后重新报送"),
        "en": (
            "{place} lacks columns: {columns}",
            "every column that resource {resource} declares",
            "put them in (they may be empty) and deliver again",
        ),
    },
    "unreadable": {
        "zh": ("无法读取（{error}），留在原处", "运行本系统的用户可读写的文件和文件夹", "改正权限后再次运行"),
        "en": (
            "it cannot be read ({error}) and was left where it is",
            "files and folders that the user who runs this may read and move",
            "correct the permissions and run again",
        ),
    },
}
