import CMessageValidator
import CProtobufC

/// The C side of a message: what the generated code supplies, and the two functions built on it.
protocol CMessage: ProtoMessage {
    /// protobuf-c's struct; its first member is the `ProtobufCMessage` base.
    associatedtype C
    static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { get }
    /// Copies out of a C struct.
    init(c: UnsafePointer<C>)
    /// Initialises a C struct with this value; what it points to comes from the arena.
    func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena)
}

func decodeMessage<M: CMessage>(_ bytes: UnsafeRawBufferPointer, _ limits: MessageLimits) throws(MessageError) -> M {
    let data = bytes.assumingMemoryBound(to: UInt8.self).baseAddress
    var cLimits = mien_validation_limits(max_bytes: UInt64(limits.bytes), max_elements: UInt64(limits.elements),
                                         max_allocation: UInt64(limits.allocation), max_depth: UInt32(limits.depth))
    let validation = mien_validate_message(M.descriptor, data, bytes.count, &cLimits)
    guard validation.code == MIEN_VALIDATION_OK else { throw MessageError(validation) }
    let message = Arena.with { arena in
        withUnsafeMutablePointer(to: &arena) { arena in
            var allocator = ProtobufCAllocator(
                alloc: { arena, size in arena!.assumingMemoryBound(to: Arena.self).pointee.allocate(size) },
                free: { _, _ in },
                allocator_data: arena)
            guard let c = protobuf_c_message_unpack(M.descriptor, &allocator, bytes.count, data) else { return M?.none }
            return UnsafeRawPointer(c).withMemoryRebound(to: M.C.self, capacity: 1) { M(c: $0) }
        }
    }
    guard let message else {
        throw MessageError(description: "\(M.fullName) lacks a required field", field: M.fullName, exceedsLimit: false)
    }
    return message
}

func appendMessage<M: CMessage>(_ message: M, to buffer: inout [UInt8], framed: Bool) {
    Arena.with { arena in
        let c = arena.message(message)
        c.withMemoryRebound(to: ProtobufCMessage.self, capacity: 1) { base in
            let size = protobuf_c_message_get_packed_size(base)
            let prefix = framed ? 4 : 0
            // An array of no capacity is one that all threads share, and its count would be written to.
            guard prefix + size > 0 else { return }
            let packed = [UInt8](unsafeUninitializedCapacity: prefix + size) { bytes, count in
                if framed { UnsafeMutableRawBufferPointer(bytes).storeBytes(of: UInt32(size).bigEndian, as: UInt32.self) }
                if size > 0 { protobuf_c_message_pack(base, bytes.baseAddress! + prefix) }
                count = prefix + size
            }
            if buffer.isEmpty { buffer = packed } else { buffer.append(contentsOf: packed) }
        }
    }
}

extension MessageError {
    init(_ validation: mien_validation) {
        let message = validation.message_name.map { String(cString: $0) } ?? "message"
        let name = validation.field_name.map { String(cString: $0) }
        let place = name ?? (validation.field == 0 ? "" : "number \(validation.field)")
        let text = String(cString: mien_validation_text(validation.code))
        description = (place.isEmpty ? message : "field \(place) of \(message)") + " at byte \(validation.offset): \(text)"
        field = name.map { "\(message).\($0)" } ?? message
        switch validation.code {
        case MIEN_VALIDATION_TOO_LARGE, MIEN_VALIDATION_TOO_DEEP, MIEN_VALIDATION_TOO_MANY_ELEMENTS, MIEN_VALIDATION_ALLOCATION: exceedsLimit = true
        default: exceedsLimit = false
        }
    }
}

func readString(_ c: UnsafeMutablePointer<CChar>?) -> String {
    guard let c, c.pointee != 0 else { return "" }
    return String(cString: c)
}

func readBytes(_ c: ProtobufCBinaryData) -> [UInt8] {
    Array(UnsafeBufferPointer(start: c.data, count: c.data == nil ? 0 : c.len))
}

func readMessage<M: CMessage>(_ c: UnsafeMutablePointer<M.C>?) -> M? {
    c.map { M(c: $0) }
}

func readMessages<M: CMessage>(_ c: UnsafeMutablePointer<UnsafeMutablePointer<M.C>?>?, _ count: Int) -> [M] {
    guard let c, count > 0 else { return [] }
    return UnsafeBufferPointer(start: c, count: count).compactMap { readMessage($0) }
}

func readNumbers<T>(_ c: UnsafeMutablePointer<T>?, _ count: Int) -> [T] {
    Array(UnsafeBufferPointer(start: c, count: c == nil ? 0 : count))
}

func readUnknownFields(_ base: ProtobufCMessage) -> [UnknownField] {
    guard base.n_unknown_fields > 0, let fields = base.unknown_fields else { return [] }
    return UnsafeBufferPointer(start: fields, count: Int(base.n_unknown_fields)).map { field in
        UnknownField(number: field.tag, wireType: UInt8(truncatingIfNeeded: field.wire_type.rawValue),
                     bytes: Array(UnsafeBufferPointer(start: field.data, count: field.data == nil ? 0 : field.len)))
    }
}
