import MienNetworks

/// libFuzzer's entry: any bytes are a safetensors file whose tensors can all be read, or an error.
@c(LLVMFuzzerTestOneInput)
public func fuzzSafetensors(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let file = MappedFile(copying: UnsafeRawBufferPointer(start: data, count: size))
    guard let tensors = try? Safetensors(file) else { return 0 }
    for name in tensors.names {
        _ = try? tensors.floats(named: name)
        // Touches every byte that a tensor claims, for the address sanitizer to see.
        let sum = tensors[name]!.withBytes { bytes in bytes.reduce(0) { $0 &+ Int($1) } }
        precondition(sum >= 0)
    }
    _ = try? MiniXception.graph(from: tensors)
    return 0
}
