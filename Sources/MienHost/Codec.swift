package import MienMessages
package import MienWire

/// Decodes a request. Every handler begins here.
///
/// - Throws: `CallError`: `invalidArgument` with reason MESSAGE_MALFORMED, `resourceExhausted` with MESSAGE_TOO_COSTLY.
package func decode<Message: ProtoMessage>(_ bytes: [UInt8], as type: Message.Type = Message.self) throws(CallError) -> Message {
    do throws(MessageError) {
        return try Message(decoding: bytes)
    } catch {
        if error.exceedsLimit { throw CallError(.resourceExhausted, "\(error)", reason: "MESSAGE_TOO_COSTLY", field: error.field) }
        throw CallError(.invalidArgument, "not a valid \(Message.fullName): \(error)", reason: Reason.malformed)
    }
}

func encode(_ message: some ProtoMessage) -> [UInt8] { message.encoded() }
