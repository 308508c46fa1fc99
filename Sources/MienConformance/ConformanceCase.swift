/// One thing that a peer has to do, as a script: Tests/Conformance/README.md explains the language.
package struct ConformanceCase: Sendable {
    /// Which side of the protocol a program under test stands on.
    package enum Role: String, Sendable, CaseIterable {
        /// It answers, and estimates whole pictures and recordings: `mien serve`.
        case host
        /// It answers what a host asks of plugins.
        case plugin
        /// It makes calls; the kit answers.
        case client
    }

    /// What not every peer of a role has.
    package enum Need: String, Sendable, CaseIterable {
        /// Of a host: the service mien.v1.Diagnostics.
        case diagnostics
        /// Of an estimator: that one call may hold several faces or clips.
        case batch
        /// Of an estimator: at least two categories.
        case categories
    }

    /// A case that runs once per estimator of a plugin, each time with a fresh process.
    package enum Each: String, Sendable, CaseIterable {
        case estimator, face, voice
    }

    /// In kebab-case; no two cases share one.
    package let name: String
    /// One sentence: what a peer that passes does.
    package let about: String
    /// Where it was read, for messages.
    package let file: String
    package let roles: Set<Role>
    package let needs: Set<Need>
    package let each: Each?
    /// Whether the script begins after the Hellos.
    let greets: Bool
    let steps: [Step]
}

/// What is wrong with a file of cases, and where.
package struct CaseFileError: Error, Sendable, CustomStringConvertible {
    package let description: String

    /// - Parameter place: "empty-unary, step 3.1"; empty: the file as a whole.
    init(_ file: String, _ place: String, _ message: String) {
        description = place.isEmpty ? "\(file): \(message)" : "\(file): \(place): \(message)"
    }
}

/// Why a peer does not pass.
package struct CaseFailure: Error, Sendable, Equatable {
    /// "step 3", or the rule that holds in every step.
    package var place = ""
    package let expected: String
    package let came: String

    init(expected: String, came: String) {
        self.expected = expected
        self.came = came
    }
}
