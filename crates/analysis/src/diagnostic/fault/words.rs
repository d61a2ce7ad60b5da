//! What each fault says, in both languages.

use super::{Fault, WHOLE_FILE, Words};
use crate::language::Text;
use crate::model::{FORMAT, MAX_BYTES};

pub(super) fn of(fault: &Fault) -> Words {
    match fault {
        Fault::NotText => words(
            (
                "the file is not UTF-8 text",
                "ファイルが UTF-8 のテキストではありません",
            ),
            (
                "a byte that UTF-8 does not allow here",
                "UTF-8 では許されないバイトがあります",
            ),
            ("a text file in UTF-8", "UTF-8 のテキストファイル"),
            ("save the file as UTF-8", "UTF-8 で保存し直してください"),
        ),
        Fault::TooLarge { bytes } => words(
            ("the model is too large", "モデルが大きすぎます"),
            (&format!("{bytes} bytes"), &format!("{bytes} バイト")),
            (
                &format!("at most {MAX_BYTES} bytes"),
                &format!("最大 {MAX_BYTES} バイト"),
            ),
            (
                "describe kinds of devices with `count`, not every unit",
                "一台ずつではなく、種類と `count` で書いてください",
            ),
        ),
        Fault::Syntax { said } => words(
            ("this is not valid TOML", "TOML として読めません"),
            (said, said),
            ("TOML 1.0", "TOML 1.0"),
            (
                "correct the marked place; a string needs quotes and a list needs brackets",
                "示した箇所を直してください。文字列には引用符、並びには角括弧が必要です",
            ),
        ),
        Fault::UnknownKey {
            key,
            section,
            similar,
            known,
        } => words(
            (
                &format!("unknown key `{key}` in {section}"),
                &format!("{}に未知のキー `{key}` があります", in_japanese(section)),
            ),
            (&format!("`{key}`"), &format!("`{key}`")),
            (
                &format!("one of {known}"),
                &format!("次のいずれか: {known}"),
            ),
            did_you_mean(
                similar.as_deref(),
                (
                    "remove the key, or move it to the section it belongs to",
                    "キーを削るか、属する節へ移してください",
                ),
            ),
        ),
        Fault::MissingKey {
            key,
            section,
            example,
        } => words(
            (
                &format!("{section} has no `{key}`"),
                &format!("{}に `{key}` がありません", in_japanese(section)),
            ),
            ("the key is absent", "キーがありません"),
            (&format!("`{example}`"), &format!("`{example}`")),
            (
                &format!("add a line like `{example}`"),
                &format!("`{example}` のような行を足してください"),
            ),
        ),
        Fault::WrongType {
            key,
            found,
            expected,
        } => words(
            (
                &format!("`{key}` has the wrong type"),
                &format!("`{key}` の型が違います"),
            ),
            (&found.en, &found.ja),
            (&expected.en, &expected.ja),
            (
                &format!("write {}", expected.en),
                &format!("{}を書いてください", expected.ja),
            ),
        ),
        Fault::WrongWord {
            key,
            word,
            similar,
            known,
        } => words(
            (
                &format!("`{key}` cannot be \"{word}\""),
                &format!("`{key}` に \"{word}\" は使えません"),
            ),
            (&format!("\"{word}\""), &format!("\"{word}\"")),
            (
                &format!("one of {known}"),
                &format!("次のいずれか: {known}"),
            ),
            did_you_mean(
                similar.as_deref(),
                (
                    "choose one of the listed words",
                    "挙げた語から選んでください",
                ),
            ),
        ),
        Fault::WrongFormat { found } => words(
            (
                "this format is not supported",
                "この形式には対応していません",
            ),
            (&format!("\"{found}\""), &format!("\"{found}\"")),
            (&format!("\"{FORMAT}\""), &format!("\"{FORMAT}\"")),
            (
                &format!(
                    "write format = \"{FORMAT}\", or use a version of Sekimori that knows the other format"
                ),
                &format!(
                    "format = \"{FORMAT}\" とするか、その形式を知る版の Sekimori を使ってください"
                ),
            ),
        ),
        Fault::InvalidId { id } => words(
            (
                &format!("\"{id}\" cannot be an id"),
                &format!("\"{id}\" は id に使えません"),
            ),
            (&format!("\"{id}\""), &format!("\"{id}\"")),
            (
                "1 to 47 letters of a-z, A-Z, 0-9, `-`, `_`, `.`, starting with a letter or a digit",
                "a-z、A-Z、0-9、`-`、`_`、`.` の 1〜47 文字。先頭は英数字",
            ),
            (
                "choose a short id and put the name into `title` and `title_ja`",
                "短い id にし、名前は `title` と `title_ja` に書いてください",
            ),
        ),
        Fault::ReservedId { id } => words(
            (
                &format!("the id \"{id}\" is reserved"),
                &format!("id \"{id}\" は予約されています"),
            ),
            (
                &format!("a flow called \"{id}\""),
                &format!("\"{id}\" という名のフロー"),
            ),
            (
                "an id that topics do not use otherwise",
                "トピックで別の意味を持たない id",
            ),
            ("choose another id", "別の id にしてください"),
        ),
        Fault::DuplicateId { id, first } => words(
            (
                &format!("the id \"{id}\" is used twice"),
                &format!("id \"{id}\" が重複しています"),
            ),
            (
                &format!("also {}", first.en),
                &format!("{}にもあります", first.ja),
            ),
            (
                "each id once in the whole model",
                "id はモデル全体で一度だけ",
            ),
            (
                "rename one of them, or remove it",
                "どちらかを改名するか、削ってください",
            ),
        ),
        Fault::UnknownId {
            key,
            id,
            expected,
            similar,
        } => words(
            (
                &format!("`{key}` names \"{id}\", which does not exist"),
                &format!("`{key}` が指す \"{id}\" は存在しません"),
            ),
            (&format!("\"{id}\""), &format!("\"{id}\"")),
            (
                &format!("the id of {}", expected.en),
                &format!("{}の id", expected.ja),
            ),
            did_you_mean(
                similar.as_deref(),
                (
                    "add it to the model, or correct the id",
                    "モデルに足すか、id を直してください",
                ),
            ),
        ),
        Fault::WrongReference {
            key,
            id,
            found,
            expected,
        } => words(
            (
                &format!("`{key}` cannot be \"{id}\""),
                &format!("`{key}` に \"{id}\" は使えません"),
            ),
            (
                &format!("\"{id}\" is {}", found.en),
                &format!("\"{id}\" は{}です", found.ja),
            ),
            (
                &format!("the id of {}", expected.en),
                &format!("{}の id", expected.ja),
            ),
            (
                &format!("name {} instead", expected.en),
                &format!("{}を指してください", expected.ja),
            ),
        ),
        Fault::InvalidDate { key, found } => words(
            (
                &format!("`{key}` is not a date"),
                &format!("`{key}` が日付ではありません"),
            ),
            (found, found),
            (
                "a day that exists, as \"2027-05-31\"",
                "実在する日。例: \"2027-05-31\"",
            ),
            ("write year, month and day", "年・月・日を書いてください"),
        ),
        Fault::InvalidRate { found } => words(
            ("this is not a rate", "頻度として読めません"),
            (found, found),
            (
                "messages in a period, as \"60/60s\", \"1/5m\", \"24/1d\"",
                "期間あたりの件数。例: \"60/60s\"、\"1/5m\"、\"24/1d\"",
            ),
            (
                "write a number above 0, a slash, and a period in s, m, h or d of at most one day",
                "0 より大きい件数、斜線、期間（s・m・h・d、最長 1 日）の順に書いてください",
            ),
        ),
        Fault::OutOfBounds {
            key,
            found,
            low,
            high,
        } => words(
            (
                &format!("`{key}` is out of bounds"),
                &format!("`{key}` が範囲外です"),
            ),
            (found, found),
            (&format!("{low} to {high}"), &format!("{low}〜{high}")),
            ("choose a number in between", "その間の数にしてください"),
        ),
        Fault::InvalidRange { field, found } => words(
            (
                &format!("the range of `{field}` is not two numbers in order"),
                &format!("`{field}` の範囲が、順に並んだ二つの数ではありません"),
            ),
            (found, found),
            (
                "[low, high] with low at most high",
                "[下限, 上限]。下限は上限以下",
            ),
            (
                &format!("write {field} = [0, 100], for instance"),
                &format!("例: {field} = [0, 100]"),
            ),
        ),
        Fault::RangeWithoutNumber {
            field,
            found,
            similar,
        } => words(
            (
                &format!("the range of `{field}` has nothing to bound"),
                &format!("`{field}` の範囲が掛かる数値がありません"),
            ),
            (&found.en, &found.ja),
            (
                "a property of the schema of type number or integer",
                "スキーマにある、型が number か integer の項目",
            ),
            did_you_mean(
                similar.as_deref(),
                (
                    "add the property to the schema, or remove the range",
                    "スキーマに項目を足すか、範囲を削ってください",
                ),
            ),
        ),
        Fault::RangeOutsideSchema {
            field,
            found,
            allowed,
        } => words(
            (
                &format!("the range of `{field}` contradicts the schema"),
                &format!("`{field}` の範囲がスキーマと矛盾します"),
            ),
            (found, found),
            (&format!("within {allowed}"), &format!("{allowed} の内側")),
            ("make the two agree", "どちらかに合わせてください"),
        ),
        Fault::InvalidSchema { at, wrong } => words(
            (
                &format!("the schema cannot be used at `{at}`"),
                &format!("スキーマの `{at}` は使えません"),
            ),
            (&wrong.en, &wrong.ja),
            (
                "the subset of JSON Schema: type, properties, required, additionalProperties, enum, minimum, maximum, maxLength",
                "JSON Schema の部分集合: type、properties、required、additionalProperties、enum、minimum、maximum、maxLength",
            ),
            (
                "rewrite the schema with these keywords",
                "これらの語で書き直してください",
            ),
        ),
        Fault::InvalidCell { found, wrong } => words(
            (
                "this names no cell, threat, scenario or candidate",
                "欄・脅威・シナリオ・候補のどれの名でもありません",
            ),
            (
                &format!("\"{found}\": {}", wrong.en),
                &format!("\"{found}\": {}", wrong.ja),
            ),
            (
                "a cell \"sensor:JT04:P2\", a STRIDE threat \"telemetry:SR-F2\", a scenario \"UCA1:spoofing@lock\", or a candidate \"unlock:wrong-time\"",
                "欄 \"sensor:JT04:P2\"、STRIDE の脅威 \"telemetry:SR-F2\"、シナリオ \"UCA1:spoofing@lock\"、候補 \"unlock:wrong-time\" のいずれか",
            ),
            (
                "take the id from the report of `sekimori model analyze`",
                "`sekimori model analyze` の報告にある id を使ってください",
            ),
        ),
        Fault::BacklogWithoutRate => words(
            (
                "`backlog` needs a `rate`",
                "`backlog` には `rate` が必要です",
            ),
            ("a backlog without a rate", "頻度のないバックログ"),
            ("both, or none", "両方書くか、どちらも書かない"),
            (
                "add `rate`, or remove `backlog`",
                "`rate` を足すか、`backlog` を削ってください",
            ),
        ),
        Fault::FlowToItself {
            component,
            keys: [one, other],
        } => words(
            (
                "the flow names one component twice",
                "フローが同じ部品を二度挙げています",
            ),
            (
                &format!("`{one}` and `{other}` are both \"{component}\""),
                &format!("`{one}` と `{other}` がともに \"{component}\""),
            ),
            (
                "different components for sender, receiver and gateway in between",
                "送り手・受け手・間に入るゲートウェイとして、それぞれ別の部品",
            ),
            (
                &format!("correct `{one}` or `{other}`"),
                &format!("`{one}` か `{other}` を直してください"),
            ),
        ),
        Fault::DeviceWithoutClass { component } => words(
            (
                &format!("the device \"{component}\" has no `class`"),
                &format!("機器 \"{component}\" に `class` がありません"),
            ),
            ("no device class", "機器分類なし"),
            (
                "class = \"mcu-board\", \"network-camera\", \"wearable\" or \"smart-tv\"",
                "class = \"mcu-board\"、\"network-camera\"、\"wearable\"、\"smart-tv\" のいずれか",
            ),
            (
                "add the class that is nearest; the threat matrix is chosen by it",
                "最も近い分類を書いてください。脅威の行列はこれで決まります",
            ),
        ),
        Fault::ActionMissesProcess {
            action,
            flow,
            reaches,
            process,
        } => words(
            (
                &format!("the control action \"{action}\" does not reach its process"),
                &format!("制御動作 \"{action}\" が制御対象に届きません"),
            ),
            (
                &format!("flow \"{flow}\" ends at \"{reaches}\""),
                &format!("フロー \"{flow}\" の終点は \"{reaches}\""),
            ),
            (
                &format!("a flow that ends at \"{process}\""),
                &format!("終点が \"{process}\" のフロー"),
            ),
            (
                "correct `flow`, or the controller's `process`",
                "`flow` か、制御器の `process` を直してください",
            ),
        ),
        Fault::UnknownSecurity => words(
            (
                "unknown protection counts as none",
                "保護が不明なフローは、保護なしとして扱います",
            ),
            ("security = \"unknown\"", "security = \"unknown\""),
            (
                "tls13, dtls12, dtls13, oscore or none",
                "tls13、dtls12、dtls13、oscore、none のいずれか",
            ),
            ("find out and write it down", "調べて書いてください"),
        ),
        Fault::SectionTwice { section, first } => words(
            (
                &format!("`[{section}]` stands twice"),
                &format!("`[{section}]` が二つあります"),
            ),
            (
                &format!("also {}", first.en),
                &format!("{}にもあります", first.ja),
            ),
            ("once in the whole model", "モデル全体で一度だけ"),
            (
                "merge the two into one of the files",
                "どちらかのファイルにまとめてください",
            ),
        ),
        Fault::SubjectGone {
            id,
            missing,
            expected,
            similar,
        } => words(
            (
                &format!("\"{id}\" is about something that is not there"),
                &format!("\"{id}\" の対象が見当たりません"),
            ),
            (&missing.en, &missing.ja),
            (&expected.en, &expected.ja),
            did_you_mean(
                similar.as_deref(),
                (
                    "correct the id, or remove the entry if what it was about is gone for good",
                    "id を直すか、対象がもうないならこの項を削ってください",
                ),
            ),
        ),
        Fault::InvalidValue {
            key,
            found,
            expected,
        } => words(
            (
                &format!("the value of `{key}` cannot be used"),
                &format!("`{key}` の値が使えません"),
            ),
            (found, found),
            (&expected.en, &expected.ja),
            (
                &format!("write {}", expected.en),
                &format!("次のように書いてください: {}", expected.ja),
            ),
        ),
        Fault::KeysDisagree {
            key,
            found,
            expected,
        } => words(
            (
                &format!("`{key}` does not fit the rest of its section"),
                &format!("`{key}` が同じ節の他のキーと合いません"),
            ),
            (&found.en, &found.ja),
            (&expected.en, &expected.ja),
            (
                &format!("make it so: {}", expected.en),
                &format!("次のようにしてください: {}", expected.ja),
            ),
        ),
        Fault::UnknownKnowledge { key, id, similar } => words(
            (
                &format!("`{key}` names \"{id}\", which is not known"),
                &format!("`{key}` が指す \"{id}\" は知られていません"),
            ),
            (&format!("\"{id}\""), &format!("\"{id}\"")),
            (
                "the id of something that ships, or that a `[[measure]]` or `[[rule]]` of the model defines",
                "同梱のもの、またはモデルの `[[measure]]` か `[[rule]]` が定めるものの id",
            ),
            did_you_mean(
                similar.as_deref(),
                (
                    "take the id from the report of `sekimori model analyze`, or define it",
                    "`sekimori model analyze` の報告にある id を使うか、定義してください",
                ),
            ),
        ),
        Fault::InvalidNewId {
            id,
            prefix,
            similar,
        } => words(
            (
                &format!("\"{id}\" does not ship, and is not marked as new"),
                &format!("\"{id}\" は同梱されておらず、新しいものの印もありません"),
            ),
            (&format!("\"{id}\""), &format!("\"{id}\"")),
            (
                &format!("the id of one that ships, or a new one that starts with `{prefix}`"),
                &format!("同梱のものの id、または `{prefix}` で始まる新しい id"),
            ),
            did_you_mean(
                similar.as_deref(),
                (
                    &format!("begin the id with `{prefix}`"),
                    &format!("id を `{prefix}` で始めてください"),
                ),
            ),
        ),
        Fault::Cycle { path } => words(
            (
                "these components need each other in a circle",
                "部品が輪になって互いに依存しています",
            ),
            (path, path),
            ("dependencies that end somewhere", "どこかで終わる依存関係"),
            (
                "none of them can start before the others: remove the weakest of these dependencies, or leave it if that is how the system is",
                "このままではどれも先に起動できません。最も弱い依存を外してください。実際にそうなら、そのままで構いません",
            ),
        ),
        Fault::TooDeep { most } => words(
            (
                "keys or values are nested too deeply",
                "キーや値の入れ子が深すぎます",
            ),
            (
                &format!("more than {most} levels"),
                &format!("{most} 段を超えています"),
            ),
            (&format!("at most {most} levels"), &format!("{most} 段まで")),
            (
                "a model needs no more than a dozen levels: correct the marked place",
                "モデルに要る深さは十段ほどです。示した箇所を直してください",
            ),
        ),
        Fault::StatementExpired {
            item,
            until,
            today,
            owner,
        } => words(
            (
                &format!("the statement on {item} no longer holds"),
                &format!("{item} についての表明は期限が切れています"),
            ),
            (
                &format!("it held until {until}; today is {today}"),
                &format!("期限は {until}、今日は {today}"),
            ),
            ("a last day that is not over", "まだ過ぎていない期限"),
            (
                &format!("ask {owner} to state it again; until then the item counts as open"),
                &format!(
                    "{owner} に改めて表明を求めてください。それまでこの項目は未対応として扱います"
                ),
            ),
        ),
        Fault::DecisionExpired {
            cell,
            until,
            today,
            owner,
        } => words(
            (
                &format!("the decision on {cell} no longer holds"),
                &format!("{cell} の判断は期限が切れています"),
            ),
            (
                &format!("it held until {until}; today is {today}"),
                &format!("期限は {until}、今日は {today}"),
            ),
            ("a last day that is not over", "まだ過ぎていない期限"),
            (
                &format!("ask {owner} to decide again; until then the cell counts as open"),
                &format!(
                    "{owner} に改めて判断を求めてください。それまでこの欄は未対策として扱います"
                ),
            ),
        ),
        Fault::AssumptionDue {
            id,
            review_by,
            today,
        } => words(
            (
                &format!("the assumption \"{id}\" is due for review"),
                &format!("前提 \"{id}\" は見直しの時期です"),
            ),
            (
                &format!("review by {review_by}; today is {today}"),
                &format!("見直し期限は {review_by}、今日は {today}"),
            ),
            (
                "a review date that is not over",
                "まだ過ぎていない見直し期限",
            ),
            (
                "check the assumption and set the next date",
                "前提を確かめ、次の期限を書いてください",
            ),
        ),
    }
}

type Pair<'a> = (&'a str, &'a str);

fn words(message: Pair<'_>, observed: Pair<'_>, expected: Pair<'_>, fix: impl IntoText) -> Words {
    Words {
        message: message.into_text(),
        observed: observed.into_text(),
        expected: expected.into_text(),
        fix: fix.into_text(),
    }
}

fn did_you_mean(similar: Option<&str>, otherwise: Pair<'_>) -> Text {
    match similar {
        Some(word) => Text::new(
            format!("did you mean `{word}`?"),
            format!("`{word}` のことですか？"),
        ),
        None => otherwise.into_text(),
    }
}

trait IntoText {
    fn into_text(self) -> Text;
}

impl<A: AsRef<str>, B: AsRef<str>> IntoText for (A, B) {
    fn into_text(self) -> Text {
        Text::new(self.0.as_ref(), self.1.as_ref())
    }
}

impl IntoText for Text {
    fn into_text(self) -> Text {
        self
    }
}

/// What Japanese sentences call a section, or the file as a whole.
fn in_japanese(section: &str) -> String {
    if section == WHOLE_FILE {
        "ファイル".to_owned()
    } else {
        format!("{section} ")
    }
}
