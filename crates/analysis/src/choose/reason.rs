//! Why a pick is there, in a sentence.

use std::sync::Arc;

use super::Alternative;
use crate::language::Text;

/// What a sentence about a pick needs to know.
pub(super) struct Reason<'r> {
    pub(super) without: &'r [Arc<str>],
    pub(super) worse: &'r [Arc<str>],
    pub(super) needed_by: &'r [Arc<str>],
    pub(super) forced_by: Option<&'r str>,
    pub(super) is_wished: bool,
    pub(super) alternative: &'r Alternative,
}

impl Reason<'_> {
    pub(super) fn text(&self) -> Text {
        let (mut en, mut ja) = self.consequence();
        match self.alternative {
            _ if self.is_wished => {
                en.push_str("; you asked for it.");
                ja.push_str("。指定により選んだ。");
            }
            Alternative::None => match self.forced_by {
                Some(item) => {
                    en.push_str(&format!(
                        "; {item} must be met, and nothing else in the catalogue meets it."
                    ));
                    ja.push_str(&format!("。{item} は必須で、カタログに代わりはない。"));
                }
                None => {
                    en.push_str("; nothing in the catalogue can stand in for it.");
                    ja.push_str("。カタログに代わりはない。");
                }
            },
            Alternative::Unknown => {
                en.push_str("; the budget decided what else is there.");
                ja.push_str("。ほかに何を選ぶかは予算で決まった。");
            }
            Alternative::Instead {
                picks,
                drops,
                more,
                exact,
            } => {
                let (instead_en, instead_ja) = instead(picks, drops);
                let count = more.unsigned_abs();
                match (*more, *exact) {
                    (0, true) => {
                        en.push_str(&format!("; {instead_en} would cost the same."));
                        ja.push_str(&format!("。{instead_ja}でも同じ点数になる。"));
                    }
                    (1.., true) => {
                        en.push_str(&format!(
                            "; the next cheapest, {instead_en}, costs {count} more."
                        ));
                        ja.push_str(&format!("。{instead_ja}が次に安く、{count} 点高い。"));
                    }
                    (0.., _) => {
                        en.push_str(&format!("; {instead_en} would do, for {count} more. Something cheaper was not ruled out."));
                        ja.push_str(&format!("。{instead_ja}でもよく、{count} 点高い。より安いものがないとは証明していない。"));
                    }
                    (_, _) => {
                        en.push_str(&format!("; {instead_en} would cost {count} less: the search ended before it looked there."));
                        ja.push_str(&format!(
                            "。{instead_ja}なら {count} 点安い。探索はそこに至る前に終わった。"
                        ));
                    }
                }
            }
        }
        Text::new(en, ja)
    }

    /// What happens without it.
    fn consequence(&self) -> (String, String) {
        let (list, list_ja) = short(self.without);
        let (users, users_ja) = short(self.needed_by);
        match (self.without, self.needed_by, self.worse) {
            ([], [], [_, ..]) => {
                let (list, list_ja) = short(self.worse);
                (
                    format!("{list} stays open, and would be further from enough without it"),
                    format!("{list_ja}は未対策のままで、これがないとさらに足りなくなる"),
                )
            }
            ([_, ..], _, _) => (
                format!("Without it {list} would not be covered"),
                format!("これがないと {list_ja}の対策が足りなくなる"),
            ),
            ([], [_, ..], _) => (
                format!("{users} cannot be had without it"),
                format!("これがないと {users_ja}を使えない"),
            ),
            ([], [], []) => (
                "Nothing would open without it".to_owned(),
                "これがなくても足りなくなる対象はない".to_owned(),
            ),
        }
    }
}

/// Up to three of a list, and how many more there are; in Japanese a particle may follow at once.
fn short(list: &[Arc<str>]) -> (String, String) {
    let shown: Vec<&str> = list.iter().take(3).map(|id| &**id).collect();
    let (en, ja) = (shown.join(", "), shown.join("、"));
    match list.len() - shown.len() {
        0 => (en, format!("{ja} ")),
        more => (
            format!("{en} and {more} more"),
            format!("{ja} ほか {more} 件"),
        ),
    }
}

/// `A + B in place of it and C`; in Japanese a particle may follow at once.
fn instead(picks: &[Arc<str>], drops: &[Arc<str>]) -> (String, String) {
    let (en, ja) = match picks {
        [] => ("doing without it".to_owned(), "これを外すだけ".to_owned()),
        _ => (picks.join(" + "), format!("{} ", picks.join(" + "))),
    };
    match drops {
        [] => (en, ja),
        _ => (
            format!("{en} in place of it and {}", drops.join(", ")),
            format!("{}（これと {} に代わる）", ja.trim_end(), drops.join("、")),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[&str]) -> Vec<Arc<str>> {
        ids.iter().map(|id| Arc::from(*id)).collect()
    }

    /// What a pick says that some targets and picks depend on, with this alternative.
    fn said(without: &[&str], needed_by: &[&str], alternative: &Alternative) -> Text {
        Reason {
            without: &ids(without),
            worse: &[],
            needed_by: &ids(needed_by),
            forced_by: None,
            is_wished: false,
            alternative,
        }
        .text()
    }

    #[test]
    fn lists_and_alternatives_read_as_sentences_in_both_languages() {
        let swap = |picks: &[&str], drops: &[&str], more| Alternative::Instead {
            picks: ids(picks),
            drops: ids(drops),
            more,
            exact: true,
        };
        let long = said(
            &["a:1", "b:2", "c:3", "d:4"],
            &[],
            &swap(&["X@a", "Y@a"], &["Z@a"], 3),
        );
        assert_eq!(
            long.en,
            "Without it a:1, b:2, c:3 and 1 more would not be covered; the next cheapest, X@a + Y@a in place of it and Z@a, costs 3 more."
        );
        assert_eq!(
            long.ja,
            "これがないと a:1、b:2、c:3 ほか 1 件の対策が足りなくなる。X@a + Y@a（これと Z@a に代わる）が次に安く、3 点高い。"
        );
        let used = said(&[], &["U@a"], &swap(&[], &["U@a"], 0));
        assert_eq!(
            used.ja,
            "これがないと U@a を使えない。これを外すだけ（これと U@a に代わる）でも同じ点数になる。"
        );
        let none = said(&["a:1"], &[], &Alternative::None);
        assert_eq!(
            none.ja,
            "これがないと a:1 の対策が足りなくなる。カタログに代わりはない。"
        );
    }
}
