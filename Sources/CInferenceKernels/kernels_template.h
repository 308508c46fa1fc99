// The kernels, written once over the few vector operations of a simd_*.h. A kernels_*.c includes its simd_*.h and then this file, and
// so gets a table of its own. There are no include guards beyond that: one table per translation unit.
#include "template_prelude.h"

#define MAX_TILE_ROWS 8
#define MAX_PANEL 3

#include "template_product.h"
#include "template_half.h"
#include "template_window.h"
#include "template_elementwise.h"
#include "template_layer_norm.h"
#include "template_attention.h"
#include "template_resize.h"
#include "template_fft.h"
#include "template_recurrent.h"
#include "template_quantized.h"
#include "template_quantized_attention.h"
#ifdef HALF_LANES
#include "template_half_sums.h"
#endif
#ifdef HAS_PAIRS
#include "template_pairs.h"
#endif
#ifdef HAS_TILES
#include "template_split.h"
#include "template_tiled.h"
#include "template_tiled_attention.h"
#endif

#define TABLE(table_name, isa)                                                                                                     \
    const mien_kernels table_name = {                                                                                              \
        .name = isa,                                                                                                               \
        .layout = isa,                                                                                                             \
        .lanes = LANES,                                                                                                            \
        .tile_rows = TILE_ROWS_1,                                                                                                  \
        .row_piece = BLOCK_ROWS,                                                                                                   \
        .packed_count = packed_count,                                                                                              \
        .pack = pack,                                                                                                              \
        .product = product,                                                                                                        \
        .column_cut = column_cut,                                                                                                  \
        .half_width = WIDE_PANEL * LANES,                                                                                          \
        .half_packed_bytes = half_packed_bytes,                                                                                    \
        .half_pack = half_pack,                                                                                                    \
        .half_product = half_product,                                                                                              \
        .depthwise = depthwise,                                                                                                    \
        .max_pool = max_pool,                                                                                                      \
        .average_pool = average_pool,                                                                                              \
        .scale_shift = scale_shift,                                                                                                \
        .add = add,                                                                                                                \
        .multiply = multiply,                                                                                                      \
        .activate = activate,                                                                                                      \
        .mean_rows = mean_rows,                                                                                                    \
        .softmax = softmax,                                                                                                        \
        .layer_norm = layer_norm,                                                                                                  \
        .attention_block = ATTENTION_BLOCK,                                                                                        \
        .attention_packed_count = attention_packed_count,                                                                          \
        .attention_pack = attention_pack,                                                                                          \
        .attention_scratch = attention_scratch,                                                                                    \
        .attention = attention,                                                                                                    \
        .half_attention_packed_count = attention_packed_count,                                                                     \
        .half_attention_pack = attention_pack,                                                                                     \
        .half_attention = attention,                                                                                               \
        .blend = blend,                                                                                                            \
        .interpolate = interpolate,                                                                                                \
        .accumulate = accumulate,                                                                                                  \
        .normalize = normalize,                                                                                                    \
        .quantize = quantize,                                                                                                      \
        .resample_line = resample_line,                                                                                            \
        .average_line = average_line,                                                                                              \
        .power_spectra = power_spectra,                                                                                            \
        .filter_logarithms = filter_logarithms,                                                                                    \
        .largest = largest,                                                                                                        \
        .floor_scale = floor_scale,                                                                                                \
        .magnitude = magnitude,                                                                                                    \
        .lstm_packed_count = lstm_packed_count,                                                                                    \
        .lstm_pack = lstm_pack,                                                                                                    \
        .lstm = lstm,                                                                                                              \
        .quantized = QUANTIZED_TABLE,                                                                                              \
    }
