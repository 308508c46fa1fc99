internal import CInferenceKernels

/// Which numerical kernels this process uses: the fastest instruction set that the processor and the operating system support, or the
/// one that the environment variable `MIEN_ISA` names.
package enum Kernels {
    /// "scalar", "avx2", "avx512", "amx" or "neon".
    package static var name: String { String(cString: table.name) }

    /// What `MIEN_ISA` may be on this machine, slowest first.
    package static var available: [String] {
        (0..<mien_available_count()).map { String(cString: mien_available_kernels($0).pointee.name) }
    }

    /// Processor features that are usable and matter here, e.g. `["avx2", "fma"]`.
    package static var features: [String] {
        String(cString: mien_processor_features()).split(separator: " ").map(String.init)
    }

    /// Why `MIEN_ISA` was not followed; nil when it was, or is not set. The host should refuse to start with this message.
    package static var selectionError: String? { mien_selection_error().map { String(cString: $0) } }

    static let table: mien_kernels = mien_current_kernels().pointee
}
