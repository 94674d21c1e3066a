//! The two organisations of the demo, their shops, their goods and the people who buy them.

/// What one file is generated from.
pub(crate) struct Shop {
    pub(crate) file: &'static str,
    pub(crate) seed: u64,
    pub(crate) vendor: &'static str,
    pub(crate) currency: &'static str,
    pub(crate) decimals: u32,
    /// Hours east of UTC from each instant on, as seconds since 1970.
    pub(crate) offsets: &'static [(i64, i64)],
    pub(crate) first_id: i64,
    pub(crate) countries: &'static [Country],
    pub(crate) products: &'static [Product],
    /// Which of a product's names and prices the shop uses.
    pub(crate) edition: usize,
    pub(crate) shipping: &'static [Shipping],
    /// The subtotal from which the first shipping method is free.
    pub(crate) free_shipping_from: i64,
    pub(crate) discounts: &'static [Discount],
    pub(crate) payments: &'static [&'static str],
    pub(crate) till: &'static str,
    pub(crate) clerk: &'static str,
    pub(crate) notes: &'static [&'static str],
}

pub(crate) struct Country {
    pub(crate) code: &'static str,
    /// Each `x` becomes a digit; the ranges are those reserved for fiction, where there are any.
    pub(crate) phone: &'static str,
    /// Each `#` becomes a house number.
    pub(crate) streets: &'static [&'static str],
    pub(crate) annexes: &'static [&'static str],
    pub(crate) places: &'static [Place],
    /// Each with its spelling in an email address.
    pub(crate) first_names: &'static [(&'static str, &'static str)],
    pub(crate) last_names: &'static [(&'static str, &'static str)],
    pub(crate) family_name_first: bool,
}

pub(crate) struct Place {
    pub(crate) city: &'static str,
    pub(crate) zip: &'static str,
    pub(crate) province: &'static str,
    pub(crate) province_name: &'static str,
    pub(crate) tax: &'static str,
    /// In hundredths of a percent.
    pub(crate) tax_rate: i64,
}

pub(crate) struct Product {
    pub(crate) names: [&'static str; 2],
    pub(crate) variants: [&'static [&'static str]; 2],
    pub(crate) sku: &'static str,
    /// In minor units.
    pub(crate) prices: [i64; 2],
}

pub(crate) struct Shipping {
    pub(crate) name: &'static str,
    pub(crate) price: i64,
}

pub(crate) struct Discount {
    pub(crate) code: &'static str,
    pub(crate) percent: i64,
}

/// People who buy in every shop of both organisations, under one address.
pub(crate) const EVERYWHERE: &[(&str, &str)] = &[
    ("Zoë van der Berg", "zoe.vanderberg@example.com"),
    ("José Ñíguez Álvarez", "jose.niguez@example.org"),
    ("Łukasz Wiśniewski", "lukasz.wisniewski@example.net"),
    ("陳美玲", "meiling.chen@example.com"),
    ("Siobhán O'Brien", "siobhan.obrien@example.org"),
    ("محمد الأحمد", "mohammed.alahmad@example.net"),
    ("Nguyễn Thị Hương", "huong.nguyen@example.com"),
    ("Владимир Петров", "vladimir.petrov@example.org"),
    ("Jean-François Lefèvre", "jf.lefevre@example.net"),
    ("Björk Guðmundsdóttir", "bjork.gudmundsdottir@example.com"),
    ("नेहा शर्मा", "neha.sharma@example.org"),
    ("Ωμέγα Παπαδοπούλου", "omega.papadopoulou@example.net"),
];

/// Names that test whoever displays, exports or queries them; each is text and nothing else.
pub(crate) const HOSTILE: &[(&str, &str)] = &[
    ("Robert'); DROP TABLE orders;--", "bobby.tables@example.com"),
    ("<script>alert('order')</script>", "script@example.org"),
    ("=1+1", "formula@example.net"),
    ("@SUM(A1:A9)", "sum@example.com"),
    ("' OR '1'='1", "or.one@example.org"),
    ("{{7*7}} ${7*7} %s %n", "template@example.net"),
    ("../../etc/passwd", "dotdot@example.com"),
    ("null", "null@example.org"),
    ("Anna \"Nan\" O'Neil, Jr.", "nan.oneil@example.net"),
    ("\u{202e}gnissap\u{202c} Müller", "bidi@example.com"),
];

pub(crate) const SHOPS: &[Shop] = &[
    Shop {
        file: "nordwind-outdoor-eu.csv",
        seed: 0x4e57_4555,
        vendor: "Nordwind Outdoor",
        currency: "EUR",
        decimals: 2,
        offsets: BERLIN,
        first_id: 5_871_203_441_997,
        countries: &[GERMANY, GERMANY, FRANCE, NETHERLANDS, SWEDEN, POLAND, SPAIN],
        products: OUTDOOR,
        edition: 0,
        shipping: &[
            Shipping {
                name: "DHL Paket (2–4 Werktage)",
                price: 490,
            },
            Shipping {
                name: "Express, before noon",
                price: 1490,
            },
        ],
        free_shipping_from: 12_000,
        discounts: &[
            Discount {
                code: "WILLKOMMEN10",
                percent: 10,
            },
            Discount {
                code: "HERBST15",
                percent: 15,
            },
            Discount {
                code: "FREUNDE20",
                percent: 20,
            },
        ],
        payments: &[
            "Shopify Payments",
            "Shopify Payments",
            "PayPal Express Checkout",
            "Klarna",
        ],
        till: "Hamburg Speicherstadt",
        clerk: "Mara Lindqvist",
        notes: &[
            "Bitte beim Nachbarn abgeben (Müller, 2. Stock).",
            "Geschenk! Bitte ohne Rechnung.\nKarte: \"Alles Gute zum Geburtstag, Jörg\"",
            "Livrer après 18 h, s'il vous plaît ; code portail : 4821",
            "Poproszę o fakturę na firmę.\r\nNIP podam e-mailem.",
            "Customer asked twice whether the tent is \"really, really\" waterproof.",
            "Ring the bell, the dog is friendly 🐕",
        ],
    },
    Shop {
        file: "nordwind-outdoor-uk.csv",
        seed: 0x4e57_554b,
        vendor: "Nordwind Outdoor",
        currency: "GBP",
        decimals: 2,
        offsets: LONDON,
        first_id: 5_902_774_108_365,
        countries: &[BRITAIN, BRITAIN, BRITAIN, IRELAND],
        products: OUTDOOR,
        edition: 1,
        shipping: &[
            Shipping {
                name: "Royal Mail Tracked 48",
                price: 395,
            },
            Shipping {
                name: "Royal Mail Special Delivery, by 1 pm",
                price: 1095,
            },
        ],
        free_shipping_from: 10_000,
        discounts: &[
            Discount {
                code: "WELCOME10",
                percent: 10,
            },
            Discount {
                code: "BANKHOLIDAY15",
                percent: 15,
            },
        ],
        payments: &[
            "Shopify Payments",
            "Shopify Payments",
            "PayPal Express Checkout",
        ],
        till: "Edinburgh Cockburn Street",
        clerk: "Ewan Ó Súilleabháin",
        notes: &[
            "Please leave in the porch, not with number 7.",
            "It's a present.\nPlease write: \"Happy climbing, love Gran\"",
            "Wrong size last time, see #1003; customer wants a refund, not a voucher.",
            "Deliver to the pub next door (The Hare & Hounds), they know.",
            "Needs it before Saturday, leaving for Skye!",
        ],
    },
    Shop {
        file: "kumo-ceramics-us.csv",
        seed: 0x4b43_5553,
        vendor: "Kumo Ceramics",
        currency: "USD",
        decimals: 2,
        offsets: NEW_YORK,
        first_id: 6_118_450_237_721,
        countries: &[UNITED_STATES],
        products: CERAMICS,
        edition: 0,
        shipping: &[
            Shipping {
                name: "USPS Ground Advantage",
                price: 795,
            },
            Shipping {
                name: "UPS 2nd Day Air",
                price: 2450,
            },
        ],
        free_shipping_from: 15_000,
        discounts: &[
            Discount {
                code: "FIRSTFIRING",
                percent: 10,
            },
            Discount {
                code: "SECONDS25",
                percent: 25,
            },
        ],
        payments: &[
            "Shopify Payments",
            "Shopify Payments",
            "Shop Pay Installments",
            "PayPal Express Checkout",
        ],
        till: "Brooklyn Studio",
        clerk: "Thuy-Linh Okafor",
        notes: &[
            "Gift wrap, please. Card: \"To Sam & Alex, with love\"",
            "Last bowl arrived chipped.\nPhotos sent to support.\nPlease double-box!",
            "Doorman building: ask for José.",
            "Wedding registry, do NOT include prices, receipts, or the packing slip.",
            "5\" plates must match the 2023 glaze.",
        ],
    },
    Shop {
        file: "kumo-ceramics-jp.csv",
        seed: 0x4b43_4a50,
        vendor: "Kumo Ceramics",
        currency: "JPY",
        decimals: 0,
        offsets: &[(0, 9)],
        first_id: 6_140_098_512_049,
        countries: &[JAPAN],
        products: CERAMICS,
        edition: 1,
        shipping: &[
            Shipping {
                name: "ヤマト運輸 宅急便",
                price: 880,
            },
            Shipping {
                name: "クール便, 翌日お届け",
                price: 1540,
            },
        ],
        free_shipping_from: 15_000,
        discounts: &[
            Discount {
                code: "HAJIMETE10",
                percent: 10,
            },
            Discount {
                code: "桜15",
                percent: 15,
            },
        ],
        payments: &[
            "Shopify Payments",
            "Shopify Payments",
            "コンビニ決済",
            "Amazon Pay",
        ],
        till: "京都 清水店",
        clerk: "小林 葵",
        notes: &[
            "のし紙をお願いします。\n表書き「御祝」、名入れ「山田」",
            "不在時は宅配ボックスへ",
            "割れ物につき、丁寧な梱包をお願いします。",
            "Hotel delivery: Room 1204, guest name \"Lefèvre\", check-in 3/28",
            "領収書の宛名は「株式会社くも」でお願いします。",
        ],
    },
];

// 2025: summer time starts and ends.
const BERLIN: &[(i64, i64)] = &[(0, 1), (1_743_296_400, 2), (1_761_440_400, 1)];
const LONDON: &[(i64, i64)] = &[(0, 0), (1_743_296_400, 1), (1_761_440_400, 0)];
const NEW_YORK: &[(i64, i64)] = &[(0, -5), (1_741_503_600, -4), (1_762_063_200, -5)];

const fn place(city: &'static str, zip: &'static str, tax: &'static str, tax_rate: i64) -> Place {
    Place {
        city,
        zip,
        province: "",
        province_name: "",
        tax,
        tax_rate,
    }
}

const fn province(
    city: &'static str,
    zip: &'static str,
    (province, province_name): (&'static str, &'static str),
    tax: &'static str,
    tax_rate: i64,
) -> Place {
    Place {
        city,
        zip,
        province,
        province_name,
        tax,
        tax_rate,
    }
}

const GERMANY: Country = Country {
    code: "DE",
    phone: "+493023125xxx",
    streets: &[
        "Lindenstraße #",
        "Am Mühlbach #",
        "Goethestr. #",
        "Große Elbstraße #a",
        "Königsallee #",
    ],
    annexes: &["Hinterhaus", "3. OG links", "c/o Schröder"],
    places: &[
        place("Berlin", "10115", "DE MwSt 19%", 1900),
        place("Köln", "50667", "DE MwSt 19%", 1900),
        place("München", "80331", "DE MwSt 19%", 1900),
        place("Görlitz", "02826", "DE MwSt 19%", 1900),
    ],
    first_names: &[
        ("Jürgen", "juergen"),
        ("Anneliese", "anneliese"),
        ("Sören", "soeren"),
        ("Ayşe", "ayse"),
        ("Lotte", "lotte"),
        ("Günther", "guenther"),
    ],
    last_names: &[
        ("Müller", "mueller"),
        ("Weiß", "weiss"),
        ("Yılmaz", "yilmaz"),
        ("von der Heide", "vonderheide"),
        ("Krämer", "kraemer"),
        ("Schulze-Böhm", "schulze-boehm"),
    ],
    family_name_first: false,
};

const FRANCE: Country = Country {
    code: "FR",
    phone: "+3319900xxxx",
    streets: &[
        "# rue de l'Église",
        "# bis, avenue Émile Zola",
        "# place du Marché",
    ],
    annexes: &["Bâtiment C", "2e étage, porte gauche"],
    places: &[
        place("Paris", "75011", "FR TVA 20%", 2000),
        place("Saint-Étienne", "42000", "FR TVA 20%", 2000),
        place("Besançon", "25000", "FR TVA 20%", 2000),
    ],
    first_names: &[
        ("Éloïse", "eloise"),
        ("François", "francois"),
        ("Aïcha", "aicha"),
        ("Noël", "noel"),
    ],
    last_names: &[
        ("Lefèvre", "lefevre"),
        ("D'Anjou", "danjou"),
        ("Benoît", "benoit"),
        ("Traoré", "traore"),
    ],
    family_name_first: false,
};

const NETHERLANDS: Country = Country {
    code: "NL",
    phone: "",
    streets: &["Prinsengracht #", "Oude Kerkstraat #-II"],
    annexes: &["3-hoog"],
    places: &[
        place("Amsterdam", "1015 DV", "NL BTW 21%", 2100),
        place("'s-Hertogenbosch", "5211 AB", "NL BTW 21%", 2100),
    ],
    first_names: &[
        ("Daniël", "daniel"),
        ("Fleur", "fleur"),
        ("Sjoerd", "sjoerd"),
    ],
    last_names: &[
        ("de Vries", "devries"),
        ("van 't Hof", "vanthof"),
        ("Coördes", "coordes"),
    ],
    family_name_first: false,
};

const SWEDEN: Country = Country {
    code: "SE",
    phone: "+4670174066x",
    streets: &["Åsögatan #", "Södra Vägen #"],
    annexes: &["lgh 1102"],
    places: &[
        place("Malmö", "211 20", "SE Moms 25%", 2500),
        place("Östersund", "831 30", "SE Moms 25%", 2500),
    ],
    first_names: &[("Åsa", "asa"), ("Göran", "goran"), ("Märta", "marta")],
    last_names: &[
        ("Sjöström", "sjostrom"),
        ("Ångström", "angstrom"),
        ("Lindqvist", "lindqvist"),
    ],
    family_name_first: false,
};

const POLAND: Country = Country {
    code: "PL",
    phone: "",
    streets: &["ul. Świętokrzyska #", "ul. Długa # m. 4"],
    annexes: &["klatka B"],
    places: &[
        place("Łódź", "90-001", "PL VAT 23%", 2300),
        place("Kraków", "31-002", "PL VAT 23%", 2300),
    ],
    first_names: &[
        ("Grażyna", "grazyna"),
        ("Michał", "michal"),
        ("Zofia", "zofia"),
    ],
    last_names: &[
        ("Dąbrowska", "dabrowska"),
        ("Żuławski", "zulawski"),
        ("Wójcik", "wojcik"),
    ],
    family_name_first: false,
};

const SPAIN: Country = Country {
    code: "ES",
    phone: "",
    streets: &["Calle Núñez de Balboa, #", "Carrer d'Aragó, #"],
    annexes: &["3º 2ª", "Ático"],
    places: &[
        province("Madrid", "28001", ("M", "Madrid"), "ES IVA 21%", 2100),
        province("A Coruña", "15001", ("C", "A Coruña"), "ES IVA 21%", 2100),
        province("Barcelona", "08007", ("B", "Barcelona"), "ES IVA 21%", 2100),
    ],
    first_names: &[
        ("Íñigo", "inigo"),
        ("María José", "mariajose"),
        ("Núria", "nuria"),
    ],
    last_names: &[
        ("Muñoz", "munoz"),
        ("García Pérez", "garciaperez"),
        ("Güell i Bacigalupi", "guell"),
    ],
    family_name_first: false,
};

const BRITAIN: Country = Country {
    code: "GB",
    phone: "+447700900xxx",
    streets: &[
        "# High Street",
        "# St Mary's Road",
        "Rose Cottage, # Mill Lane",
        "# Heol y Frenhines",
    ],
    annexes: &["Flat 2", "Unit 4, The Old Brewery", "Top floor"],
    places: &[
        province("London", "E8 3PN", ("ENG", "England"), "GB VAT 20%", 2000),
        province(
            "Stow-on-the-Wold",
            "GL54 1AB",
            ("ENG", "England"),
            "GB VAT 20%",
            2000,
        ),
        province(
            "Edinburgh",
            "EH1 1BQ",
            ("SCT", "Scotland"),
            "GB VAT 20%",
            2000,
        ),
        province(
            "Llanfairpwllgwyngyll",
            "LL61 5UJ",
            ("WLS", "Wales"),
            "GB VAT 20%",
            2000,
        ),
        province(
            "Derry",
            "BT48 6HJ",
            ("NIR", "Northern Ireland"),
            "GB VAT 20%",
            2000,
        ),
    ],
    first_names: &[
        ("Oliver", "oliver"),
        ("Priya", "priya"),
        ("Siân", "sian"),
        ("Mhairi", "mhairi"),
        ("Chloë", "chloe"),
        ("Kwame", "kwame"),
        ("Alasdair", "alasdair"),
    ],
    last_names: &[
        ("Featherstonehaugh", "featherstonehaugh"),
        ("Patel", "patel"),
        ("MacDonald", "macdonald"),
        ("ap Rhys", "aprhys"),
        ("Brontë", "bronte"),
        ("Mensah", "mensah"),
        ("Smith-Jones", "smith-jones"),
    ],
    family_name_first: false,
};

const IRELAND: Country = Country {
    code: "IE",
    phone: "+3532091xxxxx",
    streets: &["# Sráid Uí Chonaill", "# Patrick's Quay"],
    annexes: &["Apt 9"],
    places: &[
        province("Galway", "H91 E8KF", ("G", "Galway"), "IE VAT 23%", 2300),
        province(
            "Dún Laoghaire",
            "A96 XR83",
            ("D", "Dublin"),
            "IE VAT 23%",
            2300,
        ),
    ],
    first_names: &[
        ("Aoife", "aoife"),
        ("Pádraig", "padraig"),
        ("Caoimhe", "caoimhe"),
    ],
    last_names: &[
        ("O'Shea", "oshea"),
        ("Ní Bhriain", "nibhriain"),
        ("Mac Giolla Phádraig", "fitzpatrick"),
    ],
    family_name_first: false,
};

const UNITED_STATES: Country = Country {
    code: "US",
    phone: "+141555501xx",
    streets: &[
        "# Elm St",
        "# W 4th Ave",
        "# N Martin Luther King Jr Blvd",
        "# Camino del Peñasco",
    ],
    annexes: &["Apt 4B", "Suite 300", "# 12", "c/o Rodríguez, Unit 7"],
    places: &[
        province(
            "Brooklyn",
            "11211",
            ("NY", "New York"),
            "New York State Tax 4%",
            400,
        ),
        province(
            "San Francisco",
            "94110",
            ("CA", "California"),
            "California State Tax 7.25%",
            725,
        ),
        province(
            "Seattle",
            "98101",
            ("WA", "Washington"),
            "Washington State Tax 6.5%",
            650,
        ),
        province("Portland", "97205", ("OR", "Oregon"), "", 0),
        province(
            "Austin",
            "78701",
            ("TX", "Texas"),
            "Texas State Tax 6.25%",
            625,
        ),
        province(
            "Cambridge",
            "02139",
            ("MA", "Massachusetts"),
            "Massachusetts State Tax 6.25%",
            625,
        ),
        province(
            "Española",
            "87532",
            ("NM", "New Mexico"),
            "New Mexico State Tax 4.875%",
            488,
        ),
    ],
    first_names: &[
        ("Emily", "emily"),
        ("DeShawn", "deshawn"),
        ("Beyoncé", "beyonce"),
        ("Hans-Peter", "hanspeter"),
        ("Xiùlán", "xiulan"),
        ("Sofía", "sofia"),
        ("Jamal", "jamal"),
        ("Renée", "renee"),
    ],
    last_names: &[
        ("O'Connor", "oconnor"),
        ("Rodríguez", "rodriguez"),
        ("Nguyen", "nguyen"),
        ("Washington", "washington"),
        ("Kowalczyk", "kowalczyk"),
        ("St. James", "stjames"),
        ("Begay", "begay"),
        ("Kahananui", "kahananui"),
    ],
    family_name_first: false,
};

const JAPAN: Country = Country {
    code: "JP",
    phone: "+81900000xxxx",
    streets: &["本町#丁目2-3", "大字青葉#番地", "清水#-294"],
    annexes: &["ハイツ桜 203号室", "グランメゾン, 1201"],
    places: &[
        province("渋谷区", "150-0002", ("JP-13", "Tōkyō"), "消費税 10%", 1000),
        province(
            "京都市東山区",
            "605-0862",
            ("JP-26", "Kyōto"),
            "消費税 10%",
            1000,
        ),
        province(
            "札幌市中央区",
            "060-0001",
            ("JP-01", "Hokkaidō"),
            "消費税 10%",
            1000,
        ),
        province(
            "那覇市",
            "900-0013",
            ("JP-47", "Okinawa"),
            "消費税 10%",
            1000,
        ),
    ],
    first_names: &[
        ("花子", "hanako"),
        ("太郎", "taro"),
        ("さくら", "sakura"),
        ("健一", "kenichi"),
        ("ユキ", "yuki"),
        ("蓮", "ren"),
    ],
    last_names: &[
        ("山田", "yamada"),
        ("髙橋", "takahashi"),
        ("佐藤", "sato"),
        ("渡邉", "watanabe"),
        ("𠮷田", "yoshida"),
        ("長谷川", "hasegawa"),
    ],
    family_name_first: true,
};

const fn outdoor(
    name: &'static str,
    sku: &'static str,
    variants: &'static [&'static str],
    prices: [i64; 2],
) -> Product {
    Product {
        names: [name, name],
        variants: [variants, variants],
        sku,
        prices,
    }
}

const SIZES: &[&str] = &["S", "M", "L", "XL"];
const ONE: &[&str] = &[];

const OUTDOOR: &[Product] = &[
    outdoor(
        "Sturmfest Tent, 2 Person",
        "NW-TENT2",
        &["Moss", "Signal Orange"],
        [34_900, 29_900],
    ),
    outdoor(
        "Sturmfest Tent, 4 Person",
        "NW-TENT4",
        &["Moss", "Signal Orange"],
        [49_900, 43_500],
    ),
    outdoor("Fjäll Down Jacket", "NW-FJAL", SIZES, [27_995, 23_995]),
    outdoor("Fjäll Rain Shell", "NW-RAIN", SIZES, [15_950, 13_900]),
    outdoor(
        "Merino Base Layer \"Nachtfrost\"",
        "NW-MERI",
        SIZES,
        [7_990, 6_850],
    ),
    outdoor(
        "Wanderlust Hiking Socks (2 pairs)",
        "NW-SOCK",
        &["36–39", "40–43", "44–47"],
        [2_490, 2_150],
    ),
    outdoor(
        "Harz 35 l Backpack",
        "NW-HARZ35",
        &["Slate / Black", "Fern / Sand"],
        [12_995, 11_250],
    ),
    outdoor(
        "Watt 12 l Dry Bag",
        "NW-DRY12",
        &["Blue", "Yellow"],
        [2_995, 2_595],
    ),
    outdoor("Titan Mug 0.4 l", "NW-MUG04", ONE, [1_990, 1_750]),
    outdoor(
        "Gas Stove \"Kleiner Drache\"",
        "NW-STOV",
        ONE,
        [5_995, 5_195],
    ),
    outdoor("Spork Set, Titanium, 3 pcs", "NW-SPRK", ONE, [2_499, 2_199]),
    outdoor(
        "Climbing Rope 9.5 mm × 60 m",
        "NW-ROPE",
        &["Red", "Glacier"],
        [18_900, 16_500],
    ),
    outdoor("Carabiner 4\" Screwgate", "NW-CARA", ONE, [1_295, 1_125]),
    outdoor("Headlamp Polarlicht 450 lm", "NW-LAMP", ONE, [4_990, 4_350]),
    outdoor(
        "Sleeping Bag Daunenfein −7 °C",
        "NW-BAG7",
        &["Regular", "Long, left zip", "Long, right zip"],
        [22_900, 19_900],
    ),
    outdoor("Trail Gaiters", "NW-GAIT", &["S/M", "L/XL"], [3_490, 2_990]),
    outdoor("Dog Pack <Balto>", "NW-DOGP", &["S", "M"], [5_450, 4_750]),
    outdoor(
        "Gift Card & Map Bundle",
        "NW-GIFT",
        &["Alps", "Highlands"],
        [4_500, 3_900],
    ),
];

const CERAMICS: &[Product] = &[
    ceramic(
        ["Kaze Bowl, 5\"", "風の小鉢 12cm"],
        "KC-KAZE5",
        [3_200, 3_800],
    ),
    ceramic(
        ["Kaze Bowl, 8\"", "風の鉢 20cm"],
        "KC-KAZE8",
        [5_800, 6_900],
    ),
    ceramic(["Yunomi Tea Cup", "湯呑み"], "KC-YUNO", [2_850, 3_300]),
    ceramic(
        ["Chawan Tea Bowl \"Morning Fog\"", "抹茶碗「朝霧」"],
        "KC-CHAW",
        [14_500, 18_000],
    ),
    ceramic(
        ["Tokkuri & 2 Guinomi Set", "徳利・ぐい呑み 2客セット"],
        "KC-TOKK",
        [8_900, 9_800],
    ),
    ceramic(
        ["Kumo Plate, 10\"", "雲の大皿 25cm"],
        "KC-PLT10",
        [6_400, 7_480],
    ),
    ceramic(["Soy Sauce Dish", "醤油皿"], "KC-SOYD", [1_400, 1_650]),
    ceramic(
        ["Hashioki Chopstick Rest, Set of 5", "箸置き 5個組"],
        "KC-HASH",
        [2_400, 2_750],
    ),
    ceramic(
        ["Ikebana Vase, Tall", "花器（背高）"],
        "KC-IKEB",
        [12_000, 13_200],
    ),
    ceramic(["Donabe 2 qt", "土鍋 8号"], "KC-DONA", [16_800, 19_800]),
    ceramic(
        ["Kintsugi Repair Kit", "金継ぎキット"],
        "KC-KINT",
        [4_950, 5_500],
    ),
    ceramic(
        ["Café au Lait Mug", "カフェオレボウル"],
        "KC-CAFE",
        [3_600, 4_180],
    ),
    ceramic(
        ["Incense Holder, Crescent", "香立て「三日月」"],
        "KC-INCE",
        [2_200, 2_530],
    ),
    ceramic(
        ["Bonsai Pot 7\", with Saucer", "盆栽鉢 7号, 受け皿付"],
        "KC-BONS",
        [7_700, 8_800],
    ),
];

const fn ceramic(names: [&'static str; 2], sku: &'static str, prices: [i64; 2]) -> Product {
    const GLAZES: [&[&str]; 2] = [
        &["Ash", "Indigo", "Tenmoku / Rust"],
        &["灰釉", "藍", "天目"],
    ];
    Product {
        names,
        variants: GLAZES,
        sku,
        prices,
    }
}
