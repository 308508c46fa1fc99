import InferenceCore
import MienEstimation
import MienMedia
import MienNetworks

/// A face as the detector sees it, in pixels of the photo.
struct Detection: Sendable {
    /// Clipped to the photo.
    var box: Box
    /// Share of the face's box that lies inside the photo, 0...1.
    var visible: Float
    /// 0...1.
    var confidence: Float
    /// As in `DetectedFace.landmarks`; may lie outside the photo.
    var landmarks: [Point]
}

/// CenterFace (Xu et al. 2019): a fully convolutional network that marks the centre of every face on a grid of a quarter of the
/// resolution, with size, offset and five landmarks at each mark.
///
/// The picture goes in as it is, RGB in 0...255, scaled down to at most `maximumSide` and continued in black to multiples of 32. At the
/// usual confidence of 0.5 faces at least 14 pixels wide *after* scaling are found, that is 1/45 of the photo's longer side (measured
/// with the bundled portrait); the side bounds the time, which grows with its square.
final class FaceDetector: Sendable {
    /// Longest side, in pixels, at which faces are looked for.
    static let maximumSide = 640
    /// Cells that are looked at, the strongest first: keeps a low threshold from taking time with the square of the picture.
    static let maximumCandidates = 1000
    /// Two boxes with at least this intersection over union are one face.
    static let overlap: Float = 0.3
    private static let stride = 4
    private static let multiple = 32

    private let network: CompiledGraph
    /// Positions of heat map, scale, offset and landmarks among the network's outputs.
    private let outputs: [Int]

    /// - Throws: What the reader of the model file and the compiler throw; `ModelFileError` if it is not CenterFace.
    init(path: String) throws {
        let model = try OnnxModel(path: path)
        network = try CompiledGraph(model.graph)
        let names = ["537", "538", "539", "540"]
        let positions = names.compactMap(network.outputNames.firstIndex(of:))
        let expected = [1, 2, 2, 10].map { Shape([1, Self.multiple / Self.stride, Self.multiple / Self.stride, $0]) }
        guard positions.count == names.count, network.inputNames.count == 1, model.graph.inputs[0].channels == 3,
              let shapes = try? network.outputShapes(for: [[1, Self.multiple, Self.multiple, 3]]), positions.map({ shapes[$0] }) == expected
        else {
            throw ModelFileError(.mismatch, file: path, "not CenterFace: inputs \(network.inputNames), outputs \(network.outputNames)")
        }
        outputs = positions
    }

    /// - Returns: The faces above `minimumConfidence`, the most confident first.
    func detect(_ picture: Picture, minimumConfidence: Float) throws -> [Detection] {
        let shrink = min(1, Double(Self.maximumSide) / Double(max(picture.width, picture.height)))
        let scaled = picture.shrunk(width: max(1, Int((Double(picture.width) * shrink).rounded())),
                                    height: max(1, Int((Double(picture.height) * shrink).rounded())))
        let results = try network.run([Self.input(scaled)])
        let candidates = Self.decode(heat: results[outputs[0]], scale: results[outputs[1]], offset: results[outputs[2]],
                                     landmarks: results[outputs[3]], width: Float(scaled.width), height: Float(scaled.height),
                                     threshold: minimumConfidence)
        let scaleX = Float(picture.originalWidth) / Float(scaled.width), scaleY = Float(picture.originalHeight) / Float(scaled.height)
        return Self.suppress(candidates).map { face in
            Detection(box: Box(left: face.box.left * scaleX, top: face.box.top * scaleY, width: face.box.width * scaleX,
                               height: face.box.height * scaleY),
                      visible: face.visible, confidence: face.confidence,
                      landmarks: face.landmarks.map { Point(x: $0.x * scaleX, y: $0.y * scaleY) })
        }
    }

    /// `[1, height, width, 3]`, 0...255, black beyond the picture.
    static func input(_ picture: Picture) -> Tensor {
        let width = (picture.width + multiple - 1) / multiple * multiple, height = (picture.height + multiple - 1) / multiple * multiple
        var tensor = Tensor(shape: [1, height, width, 3])
        tensor.withUnsafeMutableBufferPointer { out in
            picture.pixels.withUnsafeBufferPointer { pixels in
                for y in 0..<picture.height {
                    let row = y * width * 3, source = y * picture.width
                    if picture.format == .rgb {
                        for x in 0..<(picture.width * 3) { out[row + x] = Float(pixels[source * 3 + x]) }
                    } else {
                        for x in 0..<picture.width {
                            let value = Float(pixels[source + x])
                            out[row + x * 3] = value
                            out[row + x * 3 + 1] = value
                            out[row + x * 3 + 2] = value
                        }
                    }
                }
            }
        }
        return tensor
    }

    /// Boxes and landmarks of the cells above `threshold`, the strongest first, in pixels of the scaled picture.
    ///
    /// Unlike the reference decoder this one clips a box on the side where it leaves the picture, instead of moving it inside.
    static func decode(heat: Tensor, scale: Tensor, offset: Tensor, landmarks: Tensor, width: Float, height: Float,
                       threshold: Float) -> [Detection] {
        let columns = heat.shape[2]
        let heat = heat.values
        var cells = heat.indices.filter { heat[$0] > threshold }
        // Equal scores in the order of the grid: the answer never depends on how a sort breaks ties.
        cells.sort { heat[$0] != heat[$1] ? heat[$0] > heat[$1] : $0 < $1 }
        guard !cells.isEmpty else { return [] }
        let scale = scale.values, offset = offset.values, landmarks = landmarks.values
        return cells.prefix(maximumCandidates).compactMap { cell in
            let stride = Float(Self.stride)
            // Channel 0 is vertical, channel 1 horizontal, in all three maps.
            let boxHeight = exponential(scale[cell * 2]) * stride, boxWidth = exponential(scale[cell * 2 + 1]) * stride
            let left = (Float(cell % columns) + offset[cell * 2 + 1] + 0.5) * stride - boxWidth / 2
            let top = (Float(cell / columns) + offset[cell * 2] + 0.5) * stride - boxHeight / 2
            let visibleLeft = max(0, left), visibleTop = max(0, top)
            let visibleWidth = min(left + boxWidth, width) - visibleLeft, visibleHeight = min(top + boxHeight, height) - visibleTop
            let points = (0..<5).map { point in
                Point(x: left + landmarks[cell * 10 + 2 * point + 1] * boxWidth, y: top + landmarks[cell * 10 + 2 * point] * boxHeight)
            }
            guard visibleWidth > 0, visibleHeight > 0, (boxWidth * boxHeight).isFinite,
                  points.allSatisfy({ $0.x.isFinite && $0.y.isFinite }) else { return nil }
            return Detection(box: Box(left: visibleLeft, top: visibleTop, width: visibleWidth, height: visibleHeight),
                             visible: visibleWidth * visibleHeight / (boxWidth * boxHeight), confidence: min(heat[cell], 1),
                             landmarks: points)
        }
    }

    /// Drops every box that overlaps a stronger one.
    ///
    /// - Parameter candidates: The strongest first.
    static func suppress(_ candidates: [Detection]) -> [Detection] {
        var kept: [Detection] = []
        for candidate in candidates {
            let isCovered = kept.contains { face in
                let shared = face.box.intersection(candidate.box)
                return shared >= overlap * (face.box.area + candidate.box.area - shared)
            }
            if !isCovered { kept.append(candidate) }
        }
        return kept
    }
}
