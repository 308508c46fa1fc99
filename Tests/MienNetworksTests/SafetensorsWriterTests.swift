import InferenceCore
import MienNetworks
import Testing

@Suite struct SafetensorsWriterTests {
    @Test func whatIsWrittenIsRead() throws {
        let tensors = ["b": Tensor(shape: [2, 3], values: [1, -2, .infinity, 1e-38, 0, 3.5]), "a \"quoted\"\\\u{1}é😀": Tensor(shape: [], values: [7]),
                       "none": Tensor(shape: [0, 4])]
        let bytes = SafetensorsWriter.bytes(tensors, metadata: ["made by": "a \"test\""])
        let read = try Safetensors(file(bytes))
        #expect(read.names == tensors.keys.sorted())
        #expect(read.metadata == ["made by": "a \"test\""])
        for (name, tensor) in tensors {
            #expect(try read.tensor(named: name).shape == tensor.shape)
            #expect(try read.floats(named: name, finite: false) == tensor.values)
        }
        let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        #expect((8 + length) % 8 == 0, "the data are aligned")
        #expect(try Safetensors(file(SafetensorsWriter.bytes([:]))).names.isEmpty)
    }
}
