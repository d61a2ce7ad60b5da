//! A large model with structure: sites of devices behind gateways, services that command them.

#![expect(
    clippy::indexing_slicing,
    reason = "every index is taken modulo the length of a list that stands beside it"
)]

use std::fmt::Write as _;

use crate::instances::Numbers;

/// 1,000 components and 5,000 flows: 50 sites with a gateway and 18 devices each, 50 services.
pub(crate) fn model() -> String {
    let mut numbers = Numbers::new(7);
    let mut text = String::from(
        "[model]\nformat = \"sekimori-model/0\"\nid = \"large\"\ntitle = \"Large\"\ntitle_ja = \"大規模\"\n\
         regimes = [\"EU-CRA\", \"JC-STAR-1\"]\nrisk_threshold = \"medium\"\n\n\
         [[zone]]\nid = \"cloud\"\ntitle = \"Cloud\"\ntitle_ja = \"クラウド\"\nphysical = \"locked\"\n\n",
    );
    let mut add = |part: std::fmt::Arguments<'_>| {
        // Writing to a string cannot fail.
        let _ = text.write_fmt(part);
    };
    for asset in 0..40 {
        let level = ["low", "medium", "high", "critical"][asset % 4];
        add(format_args!(
            "[[asset]]\nid = \"a{asset}\"\ntitle = \"Asset {asset}\"\ntitle_ja = \"資産 {asset}\"\nc = \"{level}\"\ni = \"high\"\na = \"medium\"\n\n"
        ));
    }
    for service in 0..50 {
        add(format_args!(
            "[[component]]\nid = \"s{service}\"\ntitle = \"Service {service}\"\ntitle_ja = \"サービス {service}\"\nkind = \"service\"\nzone = \"cloud\"\n\n"
        ));
    }
    let classes = ["mcu-board", "network-camera", "wearable", "smart-tv"];
    for site in 0..50 {
        let physical = ["exposed", "restricted"][site % 2];
        add(format_args!(
            "[[zone]]\nid = \"z{site}\"\ntitle = \"Site {site}\"\ntitle_ja = \"拠点 {site}\"\nphysical = \"{physical}\"\n\n\
             [[component]]\nid = \"g{site}\"\ntitle = \"Gateway {site}\"\ntitle_ja = \"ゲートウェイ {site}\"\nkind = \"gateway\"\nzone = \"z{site}\"\n\n"
        ));
        for device in 0..18 {
            let (class, phase) = (classes[device % 4], ["P1", "P2", "P3"][device % 3]);
            add(format_args!(
                "[[component]]\nid = \"d{site}-{device}\"\ntitle = \"Device {device} of site {site}\"\ntitle_ja = \"拠点 {site} の機器 {device}\"\n\
                 kind = \"device\"\nclass = \"{class}\"\nzone = \"z{site}\"\ncount = {}\nphase = \"{phase}\"\n\
                 caps = {{ ram_kib = 256, flash_kib = 2048, secure_boot = {} }}\nbudget = {{ ram_kib = 64, flash_kib = 512, cpu_percent = 30 }}\n\n",
                1 + numbers.below(500),
                device % 2 == 0,
            ));
        }
    }
    // 900 devices with five flows each, and ten more for each gateway.
    for site in 0..50 {
        for device in 0..18 {
            for flow in 0..5 {
                let service = numbers.below(50);
                let (from, to) = match flow {
                    0..=2 => (format!("d{site}-{device}"), format!("s{service}")),
                    _ => (format!("s{service}"), format!("d{site}-{device}")),
                };
                let asset = numbers.below(40);
                add(format_args!(
                    "[[flow]]\nid = \"f{site}-{device}-{flow}\"\ntitle = \"Flow {flow} of device {device} of site {site}\"\ntitle_ja = \"拠点 {site} 機器 {device} の流れ {flow}\"\n\
                     from = \"{from}\"\nto = \"{to}\"\nvia = \"g{site}\"\nproto = \"mqtt\"\nsecurity = \"{}\"\nassets = [\"a{asset}\"]\nrate = \"60/60s\"\nmax_bytes = 256\n\n",
                    ["tls13", "tls13", "none"][flow % 3],
                ));
            }
        }
        for flow in 0..10 {
            let service = numbers.below(50);
            add(format_args!(
                "[[flow]]\nid = \"b{site}-{flow}\"\ntitle = \"Backhaul {flow} of site {site}\"\ntitle_ja = \"拠点 {site} の幹線 {flow}\"\nfrom = \"g{site}\"\nto = \"s{service}\"\nproto = \"https\"\nsecurity = \"tls13\"\n\n"
            ));
        }
    }
    text
}
