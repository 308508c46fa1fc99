import CMienProtos

extension Proto {
    /// A serialised `google.protobuf.FileDescriptorSet` of every service and message of the wire, imports included.
    package static var descriptorSet: [UInt8] {
        var size = 0
        let bytes = mien_descriptor_set(&size)
        return Array(UnsafeBufferPointer(start: bytes, count: size))
    }
}
