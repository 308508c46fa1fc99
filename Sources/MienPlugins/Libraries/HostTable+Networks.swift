import CPluginABI
import InferenceCore

// Files, networks and products for plugins.

extension mien_host {
    mutating func setNetworks() {
        file_map = { host, name, file, message, size in
            serve(HostServices.at(host), "file_map", MessageBuffer(start: message, size: size)) { (services) throws(Refusal) in
                let file = try UnsafeMutablePointer.lent(file, "file")
                let bytes = try services.map(try PluginText.read(name, "name"))
                file.pointee = mien_file(bytes: bytes.baseAddress, size: bytes.count)
            }
        }
        file_unmap = { host, file in
            serve(HostServices.at(host), "file_unmap") { (services) throws(Refusal) in try services.unmap(try UnsafePointer.lent(file, "file").pointee.bytes) }
        }
        network_open = { host, name, network, message, size in
            serve(HostServices.at(host), "network_open", MessageBuffer(start: message, size: size)) { (services) throws(Refusal) in
                let network = try UnsafeMutablePointer.lent(network, "network")
                network.pointee = services.add(try services.openNetwork(try PluginText.read(name, "name")))
            }
        }
        network_convolution = { host, convolution, network, message, size in
            serve(HostServices.at(host), "network_convolution", MessageBuffer(start: message, size: size)) { (services) throws(Refusal) in
                let convolution = try UnsafePointer.lent(convolution, "convolution"), network = try UnsafeMutablePointer.lent(network, "network")
                guard convolution.pointee.size >= MemoryLayout<mien_convolution>.size else { throw .invalid("convolution.size is \(convolution.pointee.size)") }
                network.pointee = services.add(try LibraryNetwork(convolution.pointee))
            }
        }
        network_input = { host, network, name, index in
            serve(HostServices.at(host), "network_input") { (services) throws(Refusal) in
                let index = try UnsafeMutablePointer.lent(index, "index")
                index.pointee = try services.network(network).input(try PluginText.read(name, "name"))
            }
        }
        network_output = { host, network, name, index in
            serve(HostServices.at(host), "network_output") { (services) throws(Refusal) in
                let index = try UnsafeMutablePointer.lent(index, "index")
                index.pointee = try services.network(network).output(try PluginText.read(name, "name"))
            }
        }
        network_run = { question, network, inputs, inputCount, outputs, outputCount, message, size in
            serve(LibraryQuestion.at(question), "network_run", MessageBuffer(start: message, size: size)) { (question) throws(Refusal) in
                // No network has more; and a count that is none does not become a range.
                guard (0...64).contains(inputCount), (0...64).contains(outputCount) else { throw .tooMuch("more than 64 tensors") }
                let inputs = UnsafeBufferPointer(start: try .lent(inputs, "inputs"), count: inputCount)
                let outputs = UnsafeMutableBufferPointer(start: try .lent(outputs, "outputs"), count: outputCount)
                try question.services.network(network).run(inputs, to: outputs, question)
            }
        }
        network_free = { host, network in
            serve(HostServices.at(host), "network_free") { (services) throws(Refusal) in try services.removeNetwork(network) }
        }
        matrix_pack = { host, weights, bias, outputs, inputs, precision, matrix in
            serve(HostServices.at(host), "matrix_pack") { (services) throws(Refusal) in
                let matrix = try UnsafeMutablePointer.lent(matrix, "matrix"), stored: Precision
                switch Int(precision) {
                case MIEN_F32: stored = .f32
                case MIEN_F16: stored = .f16
                case MIEN_INT8: stored = .int8
                default: throw .invalid("there is no precision \(precision)")
                }
                matrix.pointee = services.add(try PackedLinear(weights, bias, outputs: outputs, inputs: inputs, stored))
            }
        }
        matrix_multiply = { host, matrix, x, rows, y in
            serve(HostServices.at(host), "matrix_multiply") { (services) throws(Refusal) in try services.matrix(matrix).multiply(x, rows: rows, to: y) }
        }
        matrix_free = { host, matrix in
            serve(HostServices.at(host), "matrix_free") { (services) throws(Refusal) in try services.removeMatrix(matrix) }
        }
    }
}
