import FaceFinding
import InferenceCore
import MienEstimation
import MienMedia
import MienNetworks

/// Mini-Xception as the Python package `fer` uses it: the detector's box made square, 10 pixels more on every side, grey, 64 x 64, no
/// alignment. The network was trained on such crops (FER2013) and answers differently to others.
final class EmotionClassifier: Sendable {
    /// The network's classes in the order of its outputs.
    static let labels = MiniXception.classes
    static let scale = NativeScale(minimum: 0, maximum: 1, meaning: "softmax probability")

    /// What the classes mean in EmoNet's taxonomy. "Neutral" is the absence of all categories and has none.
    static let coverage: [(category: MienEstimation.Category, output: Int)] = [
        (.anger, 0), (.disgust, 1), (.fear, 2), (.elation, 3), (.sadness, 4), (.astonishment, 5),
    ]

    /// Pixels of the photo around the square box.
    private static let margin: Float = 10
    /// Pixels of the photo that a crop may reach beyond its edge; they show the mean of the photo's two lowest rows.
    private static let border: Float = 40
    /// Faces in one run; bounds the memory for crowds.
    private static let batch = 32

    private let network: CompiledGraph
    private let output: Int

    /// - Throws: `ModelFileError` if the file does not hold the weights.
    init(path: String) throws {
        network = try CompiledGraph(MiniXception.graph(from: Safetensors(path: path)))
        guard let output = network.outputNames.firstIndex(of: MiniXception.probabilitiesName) else {
            throw ModelFileError(.mismatch, file: path, "the network has no output \(MiniXception.probabilitiesName)")
        }
        self.output = output
    }

    /// One row of seven probabilities for each 64 x 64 grey picture.
    func classify(_ crops: [Picture], context: EstimationContext) throws -> [[Float]] {
        let side = MiniXception.inputExtent, count = side * side
        var rows: [[Float]] = []
        for start in stride(from: 0, to: crops.count, by: Self.batch) {
            try context.checkCancellation()
            let part = crops[start..<min(start + Self.batch, crops.count)]
            var input = Tensor(shape: [part.count, side, side, 1])
            input.withUnsafeMutableBufferPointer { out in
                for (index, crop) in part.enumerated() {
                    for pixel in 0..<count { out[index * count + pixel] = (Float(crop.pixels[pixel]) / 255 - 0.5) * 2 }
                }
            }
            let probabilities = try network.run([input])[output].values
            for row in 0..<part.count { rows.append(Array(probabilities[(row * Self.labels.count)..<((row + 1) * Self.labels.count)])) }
        }
        return rows
    }

    /// The crop for a face of `picture`, 64 x 64, grey.
    static func crop(_ picture: Picture, to face: FoundFace) -> Picture {
        face.isWhole ? whole(picture) : crop(picture, box: face.box, scale: face.scale)
    }

    /// The crop for a box, 64 x 64, grey.
    ///
    /// - Parameters:
    ///   - box: In pixels of `picture`.
    ///   - scale: Pixels of `picture` per pixel of the photo; the margins are in pixels of the photo.
    static func crop(_ picture: Picture, box: Box, scale: Float = 1) -> Picture {
        var left = Int(box.left), top = Int(box.top)
        var width = Int(box.left + box.width) - left, height = Int(box.top + box.height) - top
        if height > width {
            left -= (height - width) / 2
            width = height
        } else {
            top -= (width - height) / 2
            height = width
        }
        let margin = Int((margin * scale).rounded()), border = Int((border * scale).rounded())
        // Where even the border ends, the crop does, and is stretched to the square.
        let columns = max(left - margin, -border)..<max(min(left + width + margin, picture.width + border), left - margin + 1)
        let rows = max(top - margin, -border)..<max(min(top + height + margin, picture.height + border), top - margin + 1)
        let count = min(2, picture.height)
        let lowest = picture.cropped(left: 0, top: picture.height - count, width: picture.width, height: count).grayscale()
        let mean = Double(lowest.pixels.reduce(0) { $0 + Int($1) }) / Double(lowest.pixels.count)
        return whole(picture.cropped(left: columns.lowerBound, top: rows.lowerBound, width: columns.count, height: rows.count,
                                     padding: UInt8(mean.rounded(.toNearestOrEven))))
    }

    /// The whole picture as a face: grey and stretched to 64 x 64.
    static func whole(_ picture: Picture) -> Picture {
        picture.grayscale().resizedBilinear(width: MiniXception.inputExtent, height: MiniXception.inputExtent)
    }
}
