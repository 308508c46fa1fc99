import MienNetworks

/// libFuzzer's entry: any bytes are a checkpoint of PyTorch whose tensors can all be read, or an error.
@c(LLVMFuzzerTestOneInput)
public func fuzzTorch(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let file = MappedFile(copying: UnsafeRawBufferPointer(start: data, count: size))
    guard let checkpoint = try? TorchCheckpoint(file) else { return 0 }
    for name in checkpoint.names {
        _ = try? checkpoint.weights(named: name)
        // Touches every byte that a tensor claims, for the address sanitizer to see.
        let sum = (try? checkpoint.bytes(of: name))?.reduce(0) { $0 &+ Int($1) } ?? 0
        precondition(sum >= 0)
    }
    return 0
}
