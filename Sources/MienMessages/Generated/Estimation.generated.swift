// Generated from Protos/mien/v1/estimation.proto by Scripts/generate-protos. Do not edit.
import CMienProtos
import CProtobufC

extension Proto {
}
