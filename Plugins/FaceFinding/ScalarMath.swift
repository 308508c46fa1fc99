#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

func exponential(_ x: Float) -> Float { exp(x) }

/// In degrees.
func arcTangent(_ y: Float, _ x: Float) -> Float { atan2(y, x) * 180 / .pi }

func logarithm(_ x: Float) -> Float { log(x) }
