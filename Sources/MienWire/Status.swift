package import MienMessages

extension CallError {
    private static let detailType = Proto.ErrorInfo.fullName
    private static let maxMessageBytes = 4 << 10

    /// What a handler's error means to the caller.
    init(converting error: any Error) {
        switch error {
        case let error as CallError: self = error
        case is CancellationError: self = CallError(.cancelled, "the call was cancelled")
        case let error as MessageError:
            self = error.exceedsLimit ? CallError(.resourceExhausted, error.description, reason: "MESSAGE_TOO_COSTLY", field: error.field)
                : CallError(.invalidArgument, error.description, reason: "MESSAGE_MALFORMED", field: error.field)
        default: self = CallError(.unknown, "\(error)")
        }
    }

    /// As received.
    package init(_ status: Proto.Status) {
        self.init(StatusCode(rawValue: status.code), status.message, metadata: .init(status.metadata))
        for detail in status.details where detail.type == Self.detailType {
            guard let info = try? Proto.ErrorInfo(decoding: detail.value) else { continue }
            reason = info.reason
            field = info.field
            facts = .init(info.facts)
        }
    }

    /// As sent. An OK status made by mistake becomes UNKNOWN; long texts are cut.
    var status: Proto.Status {
        var status = Proto.Status(code: code == .ok ? StatusCode.unknown.rawValue : code.rawValue, message: message.cut(toBytes: Self.maxMessageBytes),
                                  metadata: .init(Metadata.fitting(metadata)))
        if !reason.isEmpty || !field.isEmpty || !facts.isEmpty {
            let info = Proto.ErrorInfo(reason: reason.cut(toBytes: 256), field: field.cut(toBytes: 1024), facts: .init(Metadata.fitting(facts)))
            status.details = [Proto.StatusDetail(type: Self.detailType, value: info.encoded())]
        }
        return status
    }
}

extension String {
    /// The longest prefix of at most `limit` bytes.
    func cut(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(utf8.startIndex, offsetBy: limit)
        while end > startIndex, end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}

extension Proto.Frame {
    /// The frame as it goes on the stream, its length in front.
    var framed: [UInt8] {
        var bytes: [UInt8] = []
        append(to: &bytes, framed: true)
        return bytes
    }
}
