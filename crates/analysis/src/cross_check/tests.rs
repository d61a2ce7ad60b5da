use super::*;

#[test]
fn the_lists_hold_thirty_threats_that_all_have_an_answer() {
    let lists = load::lists();
    assert_eq!(lists.len(), 3);
    let mut ids = BTreeSet::new();
    for list in lists {
        assert_eq!(list.threat.len(), 10);
        for (threat, rank) in list.threat.iter().zip(1..) {
            assert_eq!(threat.rank, rank, "{}", threat.id);
            assert!(ids.insert(&threat.id), "{} twice", threat.id);
            let prefix = threat.id.trim_end_matches(|c: char| c.is_ascii_digit());
            assert_eq!(threat.id, format!("{prefix}{rank}"));
        }
    }
}
