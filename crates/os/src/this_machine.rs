use crate::Os;

/// The platform agtop runs on, whatever a test has set up.
pub(crate) fn this_machine() -> Box<dyn Os> {
    #[cfg(target_os = "linux")]
    return Box::new(crate::LinuxOs::new());
    #[cfg(target_os = "macos")]
    return Box::new(crate::MacOs::new());
    #[cfg(target_os = "freebsd")]
    return Box::new(crate::FreeBsdOs::new());
    #[cfg(windows)]
    return Box::new(crate::WindowsOs::new());
    #[cfg(not(any(target_os = "linux", target_os = "macos", target_os = "freebsd", windows)))]
    return Box::new(crate::UnknownOs);
}
