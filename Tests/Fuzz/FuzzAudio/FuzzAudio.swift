import MienMedia

/// libFuzzer's entry: any bytes are a recording of which all, some or nothing can be decoded.
@c(LLVMFuzzerTestOneInput)
public func fuzzAudio(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    // Short, so that the fuzzer spends its time on paths instead of samples.
    var limits = AudioLimits()
    limits.maximumSeconds = 2
    limits.maximumChannels = 8
    limits.sampleRates = 63...50_000
    guard let source = try? AudioSource(Array(UnsafeBufferPointer(start: data, count: size)), limits: limits, blockLength: 1000) else { return 0 }
    var count = 0
    do {
        while let block = try source.next() {
            guard block.start == count, block.samples.allSatisfy(\.isFinite) else { fatalError("a block is misplaced or not finite") }
            count += block.samples.count
        }
    } catch { return 0 }
    guard abs(Double(count) / 16_000 - source.quality.duration) < 1e-4 else { fatalError("\(count) samples are not \(source.quality.duration) s") }
    return 0
}
