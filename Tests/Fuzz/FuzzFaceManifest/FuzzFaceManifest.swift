import OnnxFace

/// libFuzzer's entry: any bytes are a manifest that keeps to its own rules, or an error.
@c(LLVMFuzzerTestOneInput)
public func fuzzFaceManifest(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    guard let manifest = try? FaceManifest(UnsafeBufferPointer(start: data, count: size), file: "face.json") else { return 0 }
    precondition(!manifest.id.isEmpty && !manifest.model.file.hasPrefix("/") && !manifest.model.file.split(separator: "/").contains(".."))
    precondition(manifest.input.mean.count == manifest.input.colour.channels && manifest.input.std.allSatisfy { $0 > 0 && $0.isFinite })
    precondition(!manifest.categories.isEmpty || !manifest.dimensions.isEmpty)
    precondition(Set(manifest.nativeLabels).count == manifest.nativeLabels.count)
    return 0
}
