package import Logging

/// Carries what libraries say through swift-log into the host's own log.
package struct SwiftLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    /// Everything passes here; `HostLog` decides.
    package var logLevel: Logger.Level = .trace
    private let label: String
    private let log: HostLog

    package init(label: String, log: HostLog) {
        self.label = label
        self.log = log
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let level = event.level.number
        guard log.isWanted(level) else { return }
        var facts = metadata
        if let provided = metadataProvider?.get() { facts.merge(provided) { _, new in new } }
        if let own = event.metadata { facts.merge(own) { _, new in new } }
        var text = "\(event.message)"
        if let error = event.error { text += ": \(error)" }
        for (key, value) in facts.sorted(by: { $0.key < $1.key }) { text += " \(key)=\(value)" }
        log.write(level, label, text)
    }
}

extension Logger.Level {
    /// As in mien.v1.LogLevel.
    package var number: UInt32 {
        switch self {
        case .trace: 1
        case .debug: 2
        case .info: 3
        case .notice: 4
        case .warning: 5
        case .error: 6
        case .critical: 7
        }
    }
}
