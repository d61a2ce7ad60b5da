//! What the device notes, in words; and failures as errors with a remedy.

use crate::diagnostic::{Diagnostic, Exit};
use crate::language::{Language, Text};
use sekimori_device::{LinkFailure, Note};

/// Writes a note to the log.
pub(crate) fn tell(note: &Note, language: Language) {
    let text = words(note);
    let text = text.of(language);
    if is_trouble(note) {
        tracing::warn!("{text}");
    } else {
        tracing::info!("{text}");
    }
}

fn is_trouble(note: &Note) -> bool {
    matches!(
        note,
        Note::WrongRoot { .. }
            | Note::EnrollmentRefused(_)
            | Note::Retrying { .. }
            | Note::Disconnected(_)
            | Note::MessageRefused { .. }
            | Note::ReadingLost { .. }
            | Note::SelfTestFailed(_)
            | Note::UpdateFailed { .. }
            | Note::Deviation { .. }
            | Note::ClockCorrected { .. }
    )
}

/// A note as a sentence.
pub(crate) fn words(note: &Note) -> Text {
    match note {
        Note::TrustCompared { organization } => Text::new(
            format!("トラストバンドルのフィンガープリントが一致しました（組織 {organization}）"),
            format!("trust bundle of {organization}: the fingerprint is the one given"),
        ),
        Note::WrongRoot { expected, observed } => Text::new(
            format!(
                "トラストバンドルのフィンガープリントが違います: 期待 {expected}、実際 {observed}"
            ),
            format!("wrong root fingerprint: expected {expected}, observed {observed}"),
        ),
        Note::AlreadyMember { name } => Text::new(
            format!("すでに {name} として参加しています"),
            format!("already a member as {name}"),
        ),
        Note::CertificateIssued { not_after } => Text::new(
            format!("証明書を受け取りました（{not_after} まで）"),
            format!("certificate issued, valid until {not_after}"),
        ),
        Note::ProofVerified { witnesses, number } => {
            let number = number.as_deref().unwrap_or("-");
            Text::new(
                format!(
                    "台帳の証明をオフラインで検証しました（番号 {number}、証人 {witnesses} 者）"
                ),
                format!("ledger proof verified offline: number {number}, {witnesses} witness(es)"),
            )
        }
        Note::Promoted { credential } => Text::new(
            format!("新しい証明書での接続を確認し、切り替えました（スロット {credential:?}）"),
            format!("the new credential worked and is in use from now on (slot {credential:?})"),
        ),
        Note::EnrollmentRefused(failure) => Text::new(
            format!("登録を拒否されました: {failure}"),
            format!("enrollment refused: {failure}"),
        ),
        Note::Retrying {
            doing,
            because,
            after,
        } => {
            let seconds = after.as_secs_f64();
            Text::new(
                format!("{doing}: {because}。{seconds:.1} 秒後に再試行します"),
                format!("could not {doing}: {because}; again in {seconds:.1} s"),
            )
        }
        Note::Connected { credential } => Text::new(
            format!("接続しました（証明書スロット {credential:?}）"),
            format!("connected with the credential in slot {credential:?}"),
        ),
        Note::Disconnected(why) => Text::new(
            format!("切断しました: {why}"),
            format!("disconnected: {why}"),
        ),
        Note::MessageRefused { flow, code } => Text::new(
            format!("{flow} のメッセージが拒否されました: {code}"),
            format!("a message of {flow} was refused: {code}"),
        ),
        Note::ReadingLost { flow, why } => Text::new(
            format!("{flow} の値を失いました: {why}"),
            format!("a reading of {flow} is lost: {why}"),
        ),
        Note::SelfTestFailed(why) => Text::new(
            format!("自己診断に失敗しました: {why}"),
            format!("self-test failed: {why}"),
        ),
        Note::TrialReady { version } => Text::new(
            format!("{version} を書き込みました。試行します"),
            format!("{version} is written and goes on trial"),
        ),
        Note::UpdateConfirmed { version } => Text::new(
            format!("{version} を確定しました"),
            format!("{version} is confirmed"),
        ),
        Note::UpdateFailed { version, why } => {
            let version = version.as_deref().unwrap_or("-");
            Text::new(
                format!("更新 {version} を採用しません: {why}"),
                format!("update {version} is not taken: {why}"),
            )
        }
        Note::Deviation { files } => {
            let files = files.join(", ");
            Text::new(
                format!("署名されたリリースと異なります: {files}"),
                format!("not as released: {files}"),
            )
        }
        Note::Restored { after } => {
            let millis = after.as_millis();
            Text::new(
                format!("リリースどおりに復元しました（{millis} ms）"),
                format!("restored to the signed release after {millis} ms"),
            )
        }
        Note::ClockCorrected { wall, signed } => Text::new(
            format!("時計が違います: {wall}。署名された時刻 {signed} を使います"),
            format!("the clock says {wall}; signed time {signed} is used instead"),
        ),
    }
}

/// What an owner reads when joining does not come to an end.
pub(crate) fn failure(failure: &LinkFailure) -> Diagnostic {
    if let LinkFailure::Refused { code, .. } = failure
        && code == NOT_COSIGNED
    {
        return not_cosigned(failure);
    }
    let (exit, code, message, fix) = match failure {
        LinkFailure::Unreachable(_) => (
            Exit::Unreachable,
            "SK-AGT-003",
            Text::new("サーバーに接続できません", "the server cannot be reached"),
            Text::new(
                "アドレスとネットワークを確かめてください。途中までの手続きは  sekimori-agent run  で続けられます",
                "check the address and the network; what was begun goes on with  sekimori-agent run",
            ),
        ),
        LinkFailure::WrongAuthority(_) => (
            Exit::Failed,
            "SK-AGT-004",
            Text::new(
                "サーバーの証明書は、トラストバンドルにある認証局が発行したものではありません",
                "the server's certificate is not from a CA of the trust bundle",
            ),
            Text::new(
                "招待してくれた組織のサーバーかどうか、確かめてください",
                "check that this is the server of the organization that invited you",
            ),
        ),
        LinkFailure::WrongName(_) => (
            Exit::Failed,
            "SK-AGT-005",
            Text::new(
                "サーバーの証明書は別の名前のものです",
                "the server's certificate is for another name",
            ),
            Text::new(
                "招待に書かれたアドレスをそのまま使ってください",
                "use the address of the invitation as it is, or give the server this name",
            ),
        ),
        LinkFailure::NotValidNow(_) => (
            Exit::Failed,
            "SK-AGT-006",
            Text::new(
                "サーバーの証明書は今は有効ではありません",
                "the server's certificate is not valid now",
            ),
            Text::new(
                "この機器の時計を合わせてください",
                "set this device's clock",
            ),
        ),
        LinkFailure::CredentialRefused(_) => (
            Exit::NotAuthorized,
            "SK-AGT-007",
            Text::new(
                "この機器の証明書が拒否されました",
                "this device's certificate was refused",
            ),
            Text::new(
                "運用者に確認してもらってください:  sekimori device show NAME",
                "ask the operator:  sekimori device show NAME",
            ),
        ),
        LinkFailure::Refused { status, .. } => (
            match status {
                401 | 403 => Exit::NotAuthorized,
                409 => Exit::Conflict,
                _ => Exit::Failed,
            },
            "SK-AGT-002",
            Text::new("登録を拒否されました", "the server refused the enrollment"),
            Text::new(
                "新しい招待を発行してもらってください:  sekimori device invite NAME --role ROLE",
                "ask for a new invitation:  sekimori device invite NAME --role ROLE",
            ),
        ),
        LinkFailure::Malformed(_) => (
            Exit::Failed,
            "SK-AGT-008",
            Text::new(
                "サーバーの応答を解釈できません",
                "the server's answer makes no sense",
            ),
            Text::new("アドレスを確かめてください", "check the address"),
        ),
        LinkFailure::Storage(_) => (
            Exit::Failed,
            "SK-AGT-009",
            Text::new("書き込めません", "something could not be stored"),
            Text::new(
                "空きを作るか、  --home DIR  で別の場所を指定してください",
                "make room, or name another  --home DIR",
            ),
        ),
    };
    Diagnostic::new(exit, code, message)
        .observed(Text::fact(failure))
        .fix(fix)
}

/// Code of the server for an entry that is recorded and waits for its witnesses.
const NOT_COSIGNED: &str = "SK-LED-001";

/// The device was let in, and other organizations have not cosigned that yet.
pub(crate) fn not_cosigned(observed: impl std::fmt::Display) -> Diagnostic {
    let message = Text::new(
        "他の組織の連署を待っています",
        "waiting for cosignatures of other organizations",
    );
    let fix = Text::new(
        "招待はそのまま使えます。連署が揃えば  sekimori-agent run  で続きます。証人の状態は運用者が  sekimori status  で確かめられます",
        "the invitation is still good, and  sekimori-agent run  goes on once they are there; the operator sees with  sekimori status  which witness is away",
    );
    Diagnostic::new(Exit::Unreachable, "SK-AGT-017", message)
        .observed(Text::fact(observed))
        .fix(fix)
}

/// The fingerprint is not the one that the owner gave.
pub(crate) fn wrong_root(expected: &str, observed: &str) -> Diagnostic {
    Diagnostic::new(
        Exit::NotAuthorized,
        "SK-AGT-001",
        Text::new(
            "サーバーのトラストバンドルのフィンガープリントが違います。何も送っていません",
            "the server's trust bundle has another fingerprint; nothing was sent",
        ),
    )
    .observed(Text::fact(observed))
    .expected(Text::fact(expected))
    .fix(Text::new(
        "招待の --root をそのまま使い、アドレスを確かめてください",
        "copy --root from the invitation as it is, and check the address",
    ))
}
