package import MienMessages

/// What `plugin.json` says about a plugin: what it is, how it is started and what it offers.
///
/// docs/plugins.md explains every key.
package struct PluginManifest: Sendable, Equatable {
    package var id: String
    package var version: String
    /// One sentence.
    package var summary: String
    /// An SPDX identifier where there is one.
    package var licence: String
    /// Whom to name, as the licence asks.
    package var attribution: String
    package var kind: Kind
    /// Files that must be in its folder, and unchanged, whenever it is started.
    package var files: [File]
    package var estimators: [Estimator]

    package enum Kind: Sendable, Equatable {
        /// A program that speaks the protocol on its stdin and stdout.
        case process(Process)
        /// A shared library with the functions of mien_plugin.h.
        case library(Library)
    }

    package struct Process: Sendable, Equatable {
        /// The program and its arguments. A program with a / in its name lies in the plugin's folder, which is the working folder; another is looked up in PATH.
        package var entry: [String]
        /// Names of variables of the host's environment that it gets beside the few that all get.
        package var environment: [String]
        package var limits: Limits
        package var restart: Restart
    }

    package struct Library: Sendable, Equatable {
        /// Its name in the plugin's folder.
        package var file: String
    }

    package struct File: Sendable, Equatable {
        /// Path within the plugin's folder.
        package var file: String
        /// 64 lower-case hexadecimal digits.
        package var sha256: String
    }

    package struct Limits: Sendable, Equatable {
        /// Processes at most; a second one is started when the first is busy.
        package var processes = 1
        /// Memory of each process, in millions of bytes: what it allocates, not files that it maps.
        package var memory = 2048
        /// Seconds from its start to the end of its greeting and its description.
        package var start = 20
        /// Seconds that one question may take.
        package var call = 60
        package init() {}
    }

    /// How often a process that ends or has to be ended is started anew, before the plugin counts as broken.
    package struct Restart: Sendable, Equatable {
        package var attempts = 5
        /// Seconds within which so many are too many.
        package var window = 180
        package init() {}
    }

    /// What one of its estimators offers, in the words of the contract: `input` is set, and all names are canonical.
    package typealias Estimator = Proto.PluginEstimator
}
