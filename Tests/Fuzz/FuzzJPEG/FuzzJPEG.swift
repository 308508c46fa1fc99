import MienMedia

/// libFuzzer's entry: any bytes are a JPEG that decodes, at full size and scaled down, or an error.
@c(LLVMFuzzerTestOneInput)
public func fuzzJPEG(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: data, count: size)
    // Small, so that the fuzzer spends its time on paths instead of pixels.
    var limits = PictureLimits()
    limits.maximumPixels = 1 << 18
    limits.maximumProgressivePixels = 1 << 16
    limits.maximumScans = 12
    guard let picture = try? Picture.decode(bytes, limits: limits) else { return 0 }
    limits.sufficientSide = 16
    guard let small = try? Picture.decode(bytes, limits: limits) else { fatalError("decodes at full size but not scaled") }
    guard small.originalWidth == picture.width, small.originalHeight == picture.height else { fatalError("scaling changes the original size") }
    guard let file = try? JPEGEncoder.encode(small), (try? Picture.decode(file)) != nil else { fatalError("cannot read what it wrote") }
    return 0
}
