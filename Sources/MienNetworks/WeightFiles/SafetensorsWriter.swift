package import InferenceCore

/// Writes f32 tensors as a safetensors file.
package enum SafetensorsWriter {
    /// The bytes of a file: tensors in the order of their names, on 8-byte boundaries as the format has them.
    package static func bytes(_ tensors: [String: Tensor], metadata: [String: String] = [:]) -> [UInt8] {
        var entries: [String] = [], offset = 0
        if !metadata.isEmpty {
            entries.append("\"__metadata__\":{" + metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }.joined(separator: ",") + "}")
        }
        let sorted = tensors.sorted { $0.key < $1.key }
        for (name, tensor) in sorted {
            let end = offset + tensor.count * 4, shape = tensor.shape.extents.map(String.init).joined(separator: ",")
            entries.append("\(quoted(name)):{\"dtype\":\"F32\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}")
            offset = end
        }
        var header = Array(("{" + entries.joined(separator: ",") + "}").utf8)
        while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
        var file = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) } + header
        file.reserveCapacity(file.count + offset)
        for (_, tensor) in sorted {
            tensor.withUnsafeBufferPointer { values in
                for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { file += $0 } }
            }
        }
        return file
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
