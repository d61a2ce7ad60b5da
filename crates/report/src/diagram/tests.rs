//! Whole pictures of generated models with long Japanese labels: every text stays in its box and in the picture, and
//! no text lies on another.

use proptest::prelude::*;

use sekimori_analysis::language::Language;
use sekimori_analysis::{analyze, model};

use super::measure::width;
use super::scene::{Anchor, Area, Item, Paint, Scene, Stroke};
use super::{control, flows};
use crate::labels::Labels;

/// Where a line of text stands.
fn area(item: &Item) -> Option<Area> {
    let Item::Text(ink, anchor, at, text) = item else {
        return None;
    };
    let w = width(text, ink.size());
    let x = match anchor {
        Anchor::Start => at.x,
        Anchor::Middle => at.x - w / 2,
        Anchor::End => at.x - w,
    };
    let h = ink.size();
    Some(Area {
        x,
        y: at.y - h + 2,
        w,
        h,
    })
}

/// The smallest rectangle around a path.
fn bounds(strokes: &[Stroke]) -> Area {
    let points = strokes.iter().flat_map(|stroke| match stroke {
        Stroke::Move(p) | Stroke::Line(p) => vec![*p],
        Stroke::Curve(a, b, p) => vec![*a, *b, *p],
        Stroke::Close => Vec::new(),
    });
    let points: Vec<_> = points.collect();
    let x = points.iter().map(|p| p.x).min().unwrap_or(0);
    let y = points.iter().map(|p| p.y).min().unwrap_or(0);
    Area {
        x,
        y,
        w: points.iter().map(|p| p.x).max().unwrap_or(0) - x,
        h: points.iter().map(|p| p.y).max().unwrap_or(0) - y,
    }
}

fn is_within(inner: &Area, outer: &Area) -> bool {
    inner.x >= outer.x
        && inner.right() <= outer.right()
        && inner.y >= outer.y
        && inner.bottom() <= outer.bottom()
}

fn overlap(a: &Area, b: &Area) -> bool {
    a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom()
}

/// What is wrong with a picture.
fn faults(scene: &Scene) -> Vec<String> {
    let whole = Area {
        x: 0,
        y: 0,
        w: scene.width,
        h: scene.height,
    };
    let mut faults = Vec::new();
    let mut texts: Vec<(Area, &Item)> = Vec::new();
    let mut frame: Option<Area> = None;
    for item in &scene.items {
        match item {
            Item::Begin(_) | Item::End => frame = None,
            Item::Path(Paint::Part | Paint::Foreign, strokes) if frame.is_none() => {
                frame = Some(bounds(strokes));
            }
            Item::Path(..) => {}
            Item::Text(..) => {
                let Some(place) = area(item) else { continue };
                if !is_within(&place, &whole) {
                    faults.push(format!("{item:?} leaves the picture"));
                }
                if let Some(frame) = frame.filter(|frame| !is_within(&place, frame)) {
                    faults.push(format!("{item:?} leaves its box {frame:?}"));
                }
                let others = texts.iter().filter(|(other, _)| overlap(other, &place));
                faults.extend(others.map(|(_, other)| format!("{item:?} lies on {other:?}")));
                texts.push((place, item));
            }
        }
    }
    faults
}

const TITLES: [&str; 5] = [
    "冷蔵倉庫の入口に設置された温度と湿度と扉の開閉を測る無線式多機能感知器",
    "クラウド上の遠隔監視サービス（二重化構成・東日本データセンター）",
    "A gateway with a rather long English name, mixed with 日本語の名前",
    "Supercalifragilisticexpialidocious-without-any-place-to-break-it",
    "鍵",
];

/// A model of so many zones and parts, with flows between them.
fn source(
    zones: usize,
    parts: &[(usize, usize, usize)],
    lines: &[(usize, usize, usize)],
) -> String {
    const KINDS: [&str; 6] = ["service", "store", "app", "human", "external", "gateway"];
    let title = |index: usize| TITLES[index % TITLES.len()];
    let mut text = String::from(
        "[model]\nformat = \"sekimori-model/0\"\nid = \"pictures\"\ntitle = \"Pictures\"\ntitle_ja = \"絵\"\nsector = \"industrial\"\n",
    );
    for zone in 0..zones {
        let name = title(zone);
        text.push_str(&format!(
            "[[zone]]\nid = \"z{zone}\"\ntitle = \"{name}\"\ntitle_ja = \"{name}\"\nnetwork = \"shared\"\nphysical = \"restricted\"\n"
        ));
    }
    for (index, (zone, kind, name)) in parts.iter().enumerate() {
        let (zone, kind, name) = (zone % zones, KINDS[kind % KINDS.len()], title(*name));
        text.push_str(&format!(
            "[[component]]\nid = \"c{index}\"\ntitle = \"{name}\"\ntitle_ja = \"{name}\"\nkind = \"{kind}\"\nzone = \"z{zone}\"\n"
        ));
    }
    for (index, (from, to, name)) in lines.iter().enumerate() {
        let (from, to) = (from % parts.len(), to % parts.len());
        if from == to {
            continue;
        }
        let (name, security) = (title(*name), ["none", "tls13", "unknown"][index % 3]);
        text.push_str(&format!(
            "[[flow]]\nid = \"f{index}\"\ntitle = \"{name}\"\ntitle_ja = \"{name}\"\nfrom = \"c{from}\"\nto = \"c{to}\"\n\
             proto = \"https\"\nsecurity = \"{security}\"\n"
        ));
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_text_of_a_data_flow_picture_leaves_its_box_or_lies_on_another(
        zones in 1_usize..7,
        parts in prop::collection::vec((0_usize..7, 0_usize..6, 0_usize..5), 1..30),
        lines in prop::collection::vec((0_usize..30, 0_usize..30, 0_usize..5), 0..50),
    ) {
        let text = source(zones, &parts, &lines);
        let model = model::parse("model.toml", &text).map_err(|problems| {
            TestCaseError::fail(format!("{problems}"))
        })?;
        for language in Language::ALL {
            let labels = Labels::new(language);
            for picture in flows::pictures(&model, &labels, language) {
                let scene = picture.scene.expect("small enough");
                prop_assert_eq!(faults(&scene), Vec::<String>::new());
            }
        }
    }
}

#[test]
fn no_text_of_the_example_s_pictures_leaves_its_box_or_lies_on_another() {
    let texts = [
        include_str!("../../../../examples/cold-store/model.toml"),
        include_str!("../../../../examples/px4/model.toml"),
        include_str!("../../../../examples/pinetime/model.toml"),
        include_str!("../../../../examples/openevse/model.toml"),
        include_str!("../../../../examples/templates/smart-tv/model.toml"),
        include_str!("../../../../examples/templates/industrial-controller/model.toml"),
        include_str!("../../../../examples/templates/network-camera/model.toml"),
        include_str!("../../../../examples/templates/drone/model.toml"),
    ];
    for text in texts {
        let model = model::parse("model.toml", text).expect("sound");
        let analysis = analyze(&model, jiff::civil::date(2026, 11, 20));
        for language in Language::ALL {
            let labels = Labels::new(language);
            let pictures = flows::pictures(&model, &labels, language).into_iter();
            let mut scenes: Vec<Scene> = pictures.filter_map(|picture| picture.scene).collect();
            assert!(!scenes.is_empty());
            scenes.extend(control::picture(
                &analysis.stpa.structure,
                &labels,
                language,
            ));
            for scene in scenes {
                assert_eq!(faults(&scene), Vec::<String>::new(), "{}", analysis.model);
            }
        }
    }
}

#[test]
fn a_text_that_is_cut_or_covered_is_noticed() {
    use super::scene::{Ink, Point, rounded};
    let text = |x, y| {
        let at = Point { x, y };
        Item::Text(Ink::Name, Anchor::Start, at, "温度".to_owned())
    };
    let scene = |items| Scene {
        width: 200,
        height: 100,
        items,
    };
    let area = Area {
        x: 10,
        y: 10,
        w: 60,
        h: 40,
    };
    let part = || Item::Path(Paint::Part, rounded(area, 0));
    let begin = || Item::Begin(String::new());
    assert!(faults(&scene(vec![begin(), part(), text(20, 30), Item::End])).is_empty());
    assert_eq!(
        faults(&scene(vec![begin(), part(), text(60, 30), Item::End])).len(),
        1
    );
    assert_eq!(faults(&scene(vec![text(190, 30)])).len(), 1);
    assert_eq!(faults(&scene(vec![text(20, 30), text(40, 35)])).len(), 1);
}
