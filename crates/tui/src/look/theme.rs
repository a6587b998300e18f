use std::borrow::Cow;

use serde::Deserialize;
use thiserror::Error;

/// A colour: red, green and blue. In TOML: `"#rrggbb"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Rgb(pub u8, pub u8, pub u8);

/// The colours of the screen. A missing colour is that of the terminal; a theme without `text` and `bad` has no
/// colours at all and distinguishes tones by modifiers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Theme {
    /// Its name.
    pub name: Cow<'static, str>,
    /// The background.
    #[serde(default)]
    pub ground: Option<Rgb>,
    /// Text.
    #[serde(default)]
    pub text: Option<Rgb>,
    /// Text of less interest.
    #[serde(default)]
    pub dim: Option<Rgb>,
    /// Lines between things.
    #[serde(default)]
    pub faint: Option<Rgb>,
    /// The choice, keys, and bars without a tone of their own.
    #[serde(default)]
    pub accent: Option<Rgb>,
    /// Working.
    #[serde(default)]
    pub good: Option<Rgb>,
    /// Waits for the user.
    #[serde(default)]
    pub warn: Option<Rgb>,
    /// Failed.
    #[serde(default)]
    pub bad: Option<Rgb>,
    /// Behind the chosen row.
    #[serde(default)]
    pub selected: Option<Rgb>,
}

/// Why a theme cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ThemeError {
    /// No theme has this name.
    #[error("unknown theme '{name}'; choose from {}", names().join(", "))]
    Unknown {
        /// The requested name.
        name: String,
    },
    /// A colour has the wrong form.
    #[error("'{0}' is not a colour; write #rrggbb")]
    Colour(String),
    /// The file is not a valid theme.
    #[error("{0}")]
    Toml(String),
}

impl Rgb {
    /// The colour at a share of the way to another, from 0 to 1.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two bytes")]
    pub(crate) fn mixed(self, other: Self, share: f64) -> Self {
        let share = share.clamp(0.0, 1.0);
        let mix = |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * share).round() as u8;
        Self(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }
}

impl TryFrom<String> for Rgb {
    type Error = ThemeError;

    fn try_from(text: String) -> Result<Self, ThemeError> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6);
        let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        number.map(hex).ok_or(ThemeError::Colour(text))
    }
}

impl Theme {
    /// Reads a theme that a user wrote.
    ///
    /// # Errors
    /// If the text is not TOML, or has an unknown key or an invalid colour.
    pub fn parse(toml: &str) -> Result<Self, ThemeError> {
        toml::from_str(toml).map_err(|error| ThemeError::Toml(error.to_string()))
    }

    /// Whether it has no colours that distinguish tones.
    pub(crate) const fn is_colourless(&self) -> bool {
        self.text.is_none() && self.bad.is_none()
    }
}

/// The built-in theme of that name.
///
/// # Errors
/// If no theme has this name.
pub fn theme(name: &str) -> Result<Theme, ThemeError> {
    let found = THEMES.iter().find(|theme| theme.name == name);
    found.cloned().ok_or_else(|| ThemeError::Unknown { name: name.to_owned() })
}

fn names() -> Vec<&'static str> {
    THEMES.iter().map(|theme| &*theme.name).collect()
}

const fn hex(number: u32) -> Rgb {
    Rgb((number >> 16 & 0xff) as u8, (number >> 8 & 0xff) as u8, (number & 0xff) as u8)
}

/// Colours in the order of the struct's fields: ground, text, dim, faint, accent, good, warn, bad, selected.
const fn built_in(name: &'static str, ground: Option<Rgb>, text: Option<Rgb>, colours: [u32; 7]) -> Theme {
    let [dim, faint, accent, good, warn, bad, selected] = colours;
    Theme {
        name: Cow::Borrowed(name),
        ground,
        text,
        dim: Some(hex(dim)),
        faint: Some(hex(faint)),
        accent: Some(hex(accent)),
        good: Some(hex(good)),
        warn: Some(hex(warn)),
        bad: Some(hex(bad)),
        selected: Some(hex(selected)),
    }
}

/// The built-in themes, in the order in which a key cycles through them. The first is the default. The three for colour
/// blindness use Okabe and Ito's palette (2008), blue and orange where red and green would run together.
pub static THEMES: &[Theme] = &[
    built_in(
        "dark",
        None,
        None,
        [0x008b_949e, 0x0045_4c55, 0x0058_a6ff, 0x0056_b870, 0x00e3_b341, 0x00f4_7067, 0x0026_303d],
    ),
    built_in(
        "light",
        Some(hex(0x00ff_ffff)),
        Some(hex(0x001f_2328)),
        [0x0060_6770, 0x00aa_b2bb, 0x0009_5fcc, 0x0017_7836, 0x0092_5d00, 0x00c4_2129, 0x00dd_ebfc],
    ),
    built_in(
        "contrast",
        Some(hex(0x0000_0000)),
        Some(hex(0x00ff_ffff)),
        [0x00d0_d0d0, 0x0090_9090, 0x0000_ffff, 0x0000_ff5f, 0x00ff_ff00, 0x00ff_6b6b, 0x0000_2f70],
    ),
    built_in(
        "protanopia",
        None,
        None,
        [0x008b_949e, 0x0045_4c55, 0x0056_b4e9, 0x0056_b4e9, 0x00f0_e442, 0x00e6_9f00, 0x0026_303d],
    ),
    built_in(
        "deuteranopia",
        None,
        None,
        [0x008b_949e, 0x0045_4c55, 0x0056_b4e9, 0x005a_9cd6, 0x00f0_e442, 0x00ff_8c1a, 0x0026_303d],
    ),
    built_in(
        "tritanopia",
        None,
        None,
        [0x008b_949e, 0x0045_4c55, 0x0000_c2a0, 0x0000_b894, 0x00ff_9fb2, 0x00ff_6161, 0x0026_303d],
    ),
    Theme {
        name: Cow::Borrowed("monochrome"),
        ground: None,
        text: None,
        dim: None,
        faint: None,
        accent: None,
        good: None,
        warn: None,
        bad: None,
        selected: None,
    },
    built_in(
        "dracula",
        Some(hex(0x0028_2a36)),
        Some(hex(0x00f8_f8f2)),
        [0x0090_9bc4, 0x0050_5570, 0x00bd_93f9, 0x0050_fa7b, 0x00ff_b86c, 0x00ff_7e7e, 0x0037_3a4b],
    ),
    built_in(
        "nord",
        Some(hex(0x002e_3440)),
        Some(hex(0x00d8_dee9)),
        [0x0093_9fb3, 0x0050_5a6b, 0x0088_c0d0, 0x00a3_be8c, 0x00eb_cb8b, 0x00e0_9ea1, 0x003a_4353],
    ),
    built_in(
        "gruvbox",
        Some(hex(0x0028_2828)),
        Some(hex(0x00eb_dbb2)),
        [0x00a8_9984, 0x0059_504a, 0x0085_a79a, 0x00b8_bb26, 0x00fa_bd2f, 0x00fb_7867, 0x003a_3634],
    ),
    built_in(
        "catppuccin",
        Some(hex(0x001e_1e2e)),
        Some(hex(0x00cd_d6f4)),
        [0x0093_99b2, 0x0045_475a, 0x0089_b4fa, 0x00a6_e3a1, 0x00f9_e2af, 0x00f3_8ba8, 0x0031_3244],
    ),
    built_in(
        "solarized",
        Some(hex(0x0000_2b36)),
        Some(hex(0x0093_a1a1)),
        [0x006f_858c, 0x0024_4e59, 0x004f_a3d9, 0x0091_a500, 0x00d0_a000, 0x00e8_7c79, 0x0008_3844],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The contrast ratio of WCAG 2.
    fn contrast(a: Rgb, b: Rgb) -> f64 {
        let channel = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let light = |Rgb(r, g, b): Rgb| 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
        let (a, b) = (light(a), light(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn there_are_twelve_themes_with_different_names() {
        assert_eq!(THEMES.len(), 12);
        for (at, theme) in THEMES.iter().enumerate() {
            assert!(THEMES[..at].iter().all(|other| other.name != theme.name));
        }
    }

    /// WCAG 2.2 asks for 4.5 for text and 3 for what is larger or of less interest; lines between things may be fainter.
    #[test]
    fn every_tone_is_readable_on_the_background_and_on_the_chosen_row() {
        for theme in THEMES.iter().filter(|theme| !theme.is_colourless()) {
            let selected = theme.selected.unwrap();
            // A theme without a background of its own is for dark terminals: black, that of GitHub, that of VS Code.
            let dark = [Rgb(0, 0, 0), Rgb(13, 17, 23), Rgb(30, 30, 30)];
            let grounds: Vec<Rgb> = theme.ground.map_or_else(|| dark.to_vec(), |ground| vec![ground]);
            let tones = [
                ("text", theme.text, 4.5),
                ("accent", theme.accent, 4.5),
                ("good", theme.good, 4.5),
                ("warn", theme.warn, 4.5),
                ("bad", theme.bad, 4.5),
                ("dim", theme.dim, 3.0),
            ];
            for (name, tone, least) in tones {
                let Some(tone) = tone else { continue };
                for ground in grounds.iter().copied().chain([selected]) {
                    let ratio = contrast(tone, ground);
                    assert!(ratio >= least, "{} {name} on {ground:?}: {ratio:.2}", theme.name);
                }
            }
            let shown = grounds.iter().map(|ground| contrast(selected, *ground)).fold(f64::INFINITY, f64::min);
            assert!(shown >= 1.1, "{}: the chosen row is hard to see: {shown:.2}", theme.name);
        }
    }

    #[test]
    fn a_users_theme_may_leave_out_what_it_does_not_change() {
        let theme = Theme::parse("name = \"mine\"\ntext = \"#ffffff\"\nbad = \"#ff0000\"\n").unwrap();
        assert_eq!((theme.bad, theme.ground), (Some(Rgb(255, 0, 0)), None));
    }

    #[test]
    fn a_mistake_in_a_users_theme_is_named() {
        let wrong_key = Theme::parse("name = \"mine\"\ncolour = 1\n").unwrap_err().to_string();
        assert!(wrong_key.contains("unknown field `colour`"), "{wrong_key}");
        for bad in ["red", "#12345", "#12345g", "#1234567", "é23456"] {
            let error = Theme::parse(&format!("name = \"mine\"\nbad = \"{bad}\"\n")).unwrap_err().to_string();
            assert!(error.contains("is not a colour"), "{bad}: {error}");
        }
        assert!(theme("blue").unwrap_err().to_string().starts_with("unknown theme 'blue'; choose from dark, light"));
    }
}
