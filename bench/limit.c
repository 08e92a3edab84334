/* The limit: the training loop of npnets_kernels/train.py written by hand for one compiler.
 *
 * Same algorithm, same arithmetic: ReLU, Adam, MSE, float32, one chunk of 64 samples. GCC's and
 * Clang's vector extensions; a vector fills a register, a neuron's batch is PARTS of them. (GCC
 * takes vectors wider than a register apart into single floats, which is twenty times slower.)
 *
 *     cc -O3 -march=native -ffp-contract=fast -fno-math-errno -shared -fPIC limit.c -o limit.so -lm
 */

#include <math.h>
#include <string.h>

#if defined(__AVX512F__)
#define LANES 16
#define EACH_LANE(at, n) at(n, 0), at(n, 1), at(n, 2), at(n, 3), at(n, 4), at(n, 5), at(n, 6),     \
    at(n, 7), at(n, 8), at(n, 9), at(n, 10), at(n, 11), at(n, 12), at(n, 13), at(n, 14), at(n, 15)
#elif defined(__AVX__)
#define LANES 8
#define EACH_LANE(at, n) at(n, 0), at(n, 1), at(n, 2), at(n, 3), at(n, 4), at(n, 5), at(n, 6),     \
    at(n, 7)
#else
#define LANES 4
#define EACH_LANE(at, n) at(n, 0), at(n, 1), at(n, 2), at(n, 3)
#endif

#ifdef __clang__
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (indices){__VA_ARGS__})
#endif

#define EACH_PART for (int s = 0; s < PARTS; s++)

enum { BATCH = 64, PARTS = BATCH / LANES, MOST_ROWS = 128, MOST_PARAMETERS = 1024 };

typedef float vector __attribute__((vector_size(4 * LANES)));
typedef int indices __attribute__((vector_size(4 * LANES)));
typedef float unaligned __attribute__((vector_size(4 * LANES), aligned(4)));

static vector values[MOST_ROWS][PARTS];
static vector deltas[MOST_ROWS][PARTS];
static vector partials[MOST_PARAMETERS];

static inline vector zero(void) { return (vector){0}; }
/* v where a is positive, else 0 (C has no ?: on vectors) */
static inline vector gate(vector a, vector v) { return (vector)((indices)v & (a > zero())); }
static inline vector magnitude(vector v) { return (vector)((indices)v & 0x7fffffff); }

static inline void forward(const int *widths, int layers, const float *theta)
{
    int inputs = 0, outputs = widths[0];
    for (int layer = 0; layer < layers; layer++) {
        const int fan_in = widths[layer], fan_out = widths[layer + 1];
        const float *bias = theta + fan_in * fan_out;
        for (int i = 0; i < fan_out; i++) {
            vector z[PARTS];
            EACH_PART z[s] = zero() + bias[i];
            for (int j = 0; j < fan_in; j++) {
                const float w = *theta++;
                EACH_PART z[s] += w * values[inputs + j][s];
            }
            EACH_PART values[outputs + i][s] = layer < layers - 1 ? gate(z[s], z[s]) : z[s];
        }
        theta += fan_out;
        inputs = outputs;
        outputs += fan_out;
    }
}

static inline void backward(const int *widths, int layers, int rows, const float *theta,
                            int parameters)
{
    int outputs = rows - widths[layers], p = parameters;
    for (int layer = layers - 1; layer >= 0; layer--) {
        const int fan_in = widths[layer], fan_out = widths[layer + 1], inputs = outputs - fan_in;
        const int bias = p - fan_out;
        p = bias - fan_in * fan_out;
        for (int i = 0; i < fan_out; i++) {
            vector delta[PARTS], sum = zero();
            EACH_PART delta[s] = deltas[outputs + i][s];
            EACH_PART sum += delta[s];
            partials[bias + i] = sum;
            for (int j = 0; j < fan_in; j++) {
                sum = delta[0] * values[inputs + j][0];
                for (int s = 1; s < PARTS; s++)
                    sum += delta[s] * values[inputs + j][s];
                partials[p + i * fan_in + j] = sum;
            }
        }
        for (int j = 0; layer > 0 && j < fan_in; j++) {
            vector e[PARTS];
            EACH_PART e[s] = zero();
            for (int i = 0; i < fan_out; i++) {
                const float w = theta[p + i * fan_in + j];
                EACH_PART e[s] += w * deltas[outputs + i][s];
            }
            EACH_PART deltas[inputs + j][s] = gate(values[inputs + j][s], e[s]);
        }
        outputs = inputs;
    }
}

#define BLEND(n, k) ((k) & n ? LANES + (k) : (k))
#define CROSS(n, k) ((k) & n ? LANES + (k) - n : (k) + n)
#define FOLD(n)                                                                                    \
    for (int k = 0; k < n; k++)                                                                    \
        r[k] = SHUFFLE(r[k], r[k + n], EACH_LANE(BLEND, n)) +                                      \
               SHUFFLE(r[k], r[k + n], EACH_LANE(CROSS, n));

/* Lane k of the result is the sum of row k: fold rows k and k + LANES/2, then LANES/4, ... */
static inline vector sum_rows(const vector *rows)
{
    vector r[LANES];
    for (int k = 0; k < LANES; k++)
        r[k] = rows[k];
#if LANES >= 16
    FOLD(8)
#endif
#if LANES >= 8
    FOLD(4)
#endif
    FOLD(2) FOLD(1)
    return r[0];
}

static inline vector root(vector v)
{
    for (int k = 0; k < LANES; k++)
        v[k] = sqrtf(v[k]);
    return v;
}

/* Train `networks` networks of one shape, each from its own parameters (and m = v = 0). */
void train(int networks, int layers, const int *widths, int parameters, float *theta,
           const float *x, const float *y, int steps, const float *rates, const float *epsilons)
{
    const int blocks = (parameters + LANES - 1) / LANES;
    int rows = 0;
    for (int layer = 0; layer <= layers; layer++)
        rows += widths[layer];
    for (int k = 0; k < networks; k++) {
        vector w[MOST_PARAMETERS / LANES] = {0}, m[MOST_PARAMETERS / LANES] = {0},
               v[MOST_PARAMETERS / LANES] = {0};
        memcpy(w, theta + k * parameters, parameters * sizeof(float));
        memset(partials, 0, sizeof partials);
        for (int step = 0; step < steps; step++) {
            memcpy(values, x + (long)step * widths[0] * BATCH, widths[0] * sizeof values[0]);
            forward(widths, layers, (const float *)w);
            const unaligned *target = (const unaligned *)(y + (long)step * BATCH);
            EACH_PART deltas[rows - 1][s] = (values[rows - 1][s] - target[s]) * (2.0f / BATCH);
            backward(widths, layers, rows, (const float *)w, parameters);
            for (int b = 0; b < blocks; b++) {
                const vector g = sum_rows(partials + b * LANES);
                const vector first = m[b] + (g - m[b]) * 0.1f;
                const vector second = v[b] * 0.999f + g * g * 0.001f;
                m[b] = gate(magnitude(first) - 1e-30f, first); /* denormals cost a trap */
                v[b] = gate(second - 1e-30f, second);
                w[b] -= first * rates[step] / (root(second) + epsilons[step]);
            }
        }
        memcpy(theta + k * parameters, w, parameters * sizeof(float));
    }
}
