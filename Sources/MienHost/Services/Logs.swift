import MienMessages
import MienWire

/// Host/WatchLogs: log lines from now on, until the caller cancels or the host drains.
func watchLogs(_ log: HostLog) -> MethodHandler {
    .serverStreaming { _, bytes, answers in
        let request: Proto.WatchLogsRequest = try decode(bytes)
        guard (0...7).contains(request.minimumLevel.rawValue) else {
            throw CallError(.invalidArgument, "minimum_level is \(request.minimumLevel.rawValue); levels go from 1 (trace) to 7 (critical)",
                            reason: "FIELD_OUT_OF_RANGE", field: "minimum_level")
        }
        // Unset means what the host itself shows by default: info and above.
        let level = request.minimumLevel == .unspecified ? Proto.LogLevel.info : request.minimumLevel
        for await line in log.watch(level: UInt32(level.rawValue)) {
            try await answers.send(encode(Proto.Log(level: .init(rawValue: Int32(line.level)), source: line.source, message: line.message,
                                                    dropped: line.dropped, timeUs: line.time)))
        }
        try Task.checkCancellation()
    }
}
