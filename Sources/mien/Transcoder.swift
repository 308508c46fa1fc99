import MienClient
import MienJSON
import MienMessages
import MienReflection

/// Messages as JSON, in protobuf's mapping, by the descriptors that the host sends.
struct Transcoder: Sendable {
    let pool: DescriptorPool

    init(_ client: Client) async throws {
        do {
            pool = try DescriptorPool(fileDescriptorSet: try await client.descriptors())
        } catch let error as ReflectionError {
            throw Failure("the host's descriptors cannot be read: \(error)", code: ExitStatus.protocolViolation)
        }
    }

    func json(_ message: some ProtoMessage) throws -> JSONValue {
        try json(type(of: message).fullName, message.encoded())
    }

    func json(_ type: String, _ bytes: [UInt8]) throws -> JSONValue {
        do throws(ReflectionError) {
            return try pool.messageToJSON(type, bytes)
        } catch {
            throw Failure("the answer is not a valid \(type): \(error)", code: ExitStatus.protocolViolation)
        }
    }

    /// An answer on one line, `file` first.
    func line(_ answer: some ProtoMessage, file: String) throws -> String {
        var object = JSONObject()
        _ = object.append("file", .string(file))
        for member in try json(answer).object?.members ?? [] { _ = object.append(member.name, member.value) }
        return JSONValue.object(object).text()
    }
}
