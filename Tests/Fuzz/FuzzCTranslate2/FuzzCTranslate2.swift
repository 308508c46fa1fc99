import MienNetworks

/// libFuzzer's entry: any bytes are a CTranslate2 model whose variables can all be read, and maybe a Whisper encoder, or an error.
@c(LLVMFuzzerTestOneInput)
public func fuzzCTranslate2(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let file = MappedFile(copying: UnsafeRawBufferPointer(start: data, count: size))
    guard let model = try? CTranslate2Model(file) else { return 0 }
    for name in model.names {
        _ = try? model.floats(named: name)
        _ = try? model.integer(named: name)
        // Touches every byte that a variable claims, for the address sanitizer to see.
        let sum = model[name]!.withBytes { bytes in bytes.reduce(0) { $0 &+ Int($1) } }
        precondition(sum >= 0)
    }
    _ = try? WhisperEncoder(model)
    return 0
}
