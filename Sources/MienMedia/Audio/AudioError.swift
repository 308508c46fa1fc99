/// Why bytes did not become sound.
package struct AudioError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Stable: clients decide by it.
    package enum Reason: String, Sendable, CaseIterable {
        /// No bytes at all.
        case empty = "AUDIO_EMPTY"
        /// A kind of file or an encoding that nobody can decode here.
        case unsupported = "AUDIO_FORMAT_UNSUPPORTED"
        /// The file ends before its first sample.
        case truncated = "AUDIO_TRUNCATED"
        /// The file breaks its format's rules, and nothing of it could be decoded.
        case corrupt = "AUDIO_CORRUPT"
        /// Longer than the limits allow.
        case tooLong = "AUDIO_TOO_LONG"
        /// A number of channels or a sample rate outside the limits.
        case layout = "AUDIO_LAYOUT"
        /// The operating system failed to read the file.
        case unreadable = "AUDIO_UNREADABLE"
    }

    package let reason: Reason
    /// For people, in English, without a full stop.
    package let message: String
    package var description: String { message }

    package init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }
}

/// What is wrong with a recording of which samples could be had all the same.
package struct AudioWarning: Sendable, Hashable {
    /// Stable: clients decide by it.
    package enum Reason: String, Sendable {
        /// The recording ends before its own structure says so.
        case truncated = "AUDIO_TRUNCATED"
        /// Decoding stopped, or went on with gaps, at a damaged place.
        case damaged = "AUDIO_DAMAGED"
    }

    package let reason: Reason
    /// For people, in English, without a full stop.
    package let message: String
}

/// What a reader accepts. Everything is checked before anything is allocated by it.
package struct AudioLimits: Sendable, Hashable {
    package var maximumChannels = 64
    /// In Hz.
    package var sampleRates = 1...768_000
    /// Longest recording in seconds, whether stated by its header or met while decoding. A few bytes of FLAC can decode to hours.
    package var maximumSeconds = 48 * 3600

    package init() {}

    func check(channels: Int, sampleRate: Int) throws(AudioError) {
        guard (1...maximumChannels).contains(channels) else {
            throw AudioError(.layout, "\(channels) channels; 1 to \(maximumChannels) are supported")
        }
        guard sampleRates.contains(sampleRate) else {
            throw AudioError(.layout, "a sample rate of \(sampleRate) Hz; \(sampleRates.lowerBound) to \(sampleRates.upperBound) Hz are supported")
        }
    }

    /// - Parameter frames: Stated or counted, per channel.
    func check(frames: Int, sampleRate: Int) throws(AudioError) {
        guard frames / sampleRate <= maximumSeconds else {
            throw AudioError(.tooLong, "\(frames) frames at \(sampleRate) Hz are over the limit of \(maximumSeconds) seconds")
        }
    }
}
