/// Where a pull stands.
package struct PullProgress: Sendable, Equatable {
    package enum Phase: Sendable, Hashable {
        /// Another process pulls the same model.
        case waiting
        /// The hub is asked what there is.
        case listing
        case downloading
        /// A Python environment for a conversion is being set up.
        case preparingTools
        case converting
        case verifying
        /// One file is there and right.
        case fileDone
    }

    package var model: String
    package var file: String
    package var phase: Phase
    /// Where the file comes from, or the tool that is at work.
    package var source: String
    /// Bytes so far, and bytes when complete. A wheel's own size is not known beforehand: `total` is then 0.
    package var bytes: Int
    package var total: Int
    /// Where the model as a whole stands; `nil` while its size is not known.
    package var whole: Whole?

    package struct Whole: Sendable, Equatable {
        /// Number of this file, from 1, among how many.
        package var file: Int
        package var files: Int
        /// Bytes of all files, so far and when complete.
        package var bytes: Int
        package var total: Int
    }
}

package struct PullOptions: Sendable {
    /// Pull again what is installed.
    package var force = false
    /// Tries per source. Between them waits grow from `firstWait`, doubling.
    package var attempts = 5
    package var firstWait: Duration = .milliseconds(500)
    /// Called from any thread, often.
    package var onProgress: @Sendable (PullProgress) -> Void = { _ in }

    package init() {}
}
