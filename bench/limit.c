/* The limit: the training loop of npnets_kernels/train.py written by hand for one compiler.
 *
 * Same algorithm, same arithmetic: ReLU, Adam, MSE, float32, one chunk of 64 samples. GCC's and
 * Clang's vector extensions; a vector is 64 bytes and a neuron's batch is four of them.
 *
 *     cc -O3 -march=native -ffp-contract=fast -shared -fPIC limit.c -o limit.so -lm
 */

#include <math.h>
#include <string.h>

enum { LANES = 16, PARTS = 4, BATCH = LANES * PARTS, MOST_ROWS = 128, MOST_PARAMETERS = 1024 };

typedef float vector __attribute__((vector_size(64), aligned(4)));
typedef int indices __attribute__((vector_size(64)));

static float values[MOST_ROWS][BATCH] __attribute__((aligned(64)));
static float deltas[MOST_ROWS][BATCH] __attribute__((aligned(64)));
static float partials[MOST_PARAMETERS][LANES] __attribute__((aligned(64)));

static inline vector get(const float *from) { return *(const vector *)from; }
static inline void put(float *to, vector v) { *(vector *)to = v; }
/* v where a is positive, else 0 (C has no ?: on vectors) */
static inline vector gate(vector a, vector v) { return (vector)((indices)v & (a > (vector){})); }

static inline vector magnitude(vector v) { return (vector)((indices)v & 0x7fffffff); }

static void forward(const int *widths, int layers, const float *theta)
{
    int inputs = 0, outputs = widths[0];
    for (int layer = 0; layer < layers; layer++) {
        const int fan_in = widths[layer], fan_out = widths[layer + 1];
        const float *bias = theta + fan_in * fan_out;
        for (int i = 0; i < fan_out; i++) {
            vector z0 = bias[i] - (vector){}, z1 = z0, z2 = z0, z3 = z0;
            for (int j = 0; j < fan_in; j++) {
                const float w = *theta++, *a = values[inputs + j];
                z0 += w * get(a);
                z1 += w * get(a + 16);
                z2 += w * get(a + 32);
                z3 += w * get(a + 48);
            }
            if (layer < layers - 1) {
                z0 = gate(z0, z0), z1 = gate(z1, z1), z2 = gate(z2, z2), z3 = gate(z3, z3);
            }
            float *a = values[outputs + i];
            put(a, z0), put(a + 16, z1), put(a + 32, z2), put(a + 48, z3);
        }
        theta += fan_out;
        inputs = outputs;
        outputs += fan_out;
    }
}

static void backward(const int *widths, int layers, int rows, const float *theta, int parameters)
{
    int outputs = rows - widths[layers], p = parameters;
    for (int layer = layers - 1; layer >= 0; layer--) {
        const int fan_in = widths[layer], fan_out = widths[layer + 1], inputs = outputs - fan_in;
        const int bias = p - fan_out;
        p = bias - fan_in * fan_out;
        for (int i = 0; i < fan_out; i++) {
            const float *d = deltas[outputs + i];
            const vector d0 = get(d), d1 = get(d + 16), d2 = get(d + 32), d3 = get(d + 48);
            put(partials[bias + i], d0 + d1 + d2 + d3);
            for (int j = 0; j < fan_in; j++) {
                const float *a = values[inputs + j];
                vector sum = d0 * get(a);
                sum += d1 * get(a + 16);
                sum += d2 * get(a + 32);
                sum += d3 * get(a + 48);
                put(partials[p + i * fan_in + j], sum);
            }
        }
        for (int j = 0; layer > 0 && j < fan_in; j++) {
            vector e0 = {}, e1 = {}, e2 = {}, e3 = {};
            for (int i = 0; i < fan_out; i++) {
                const float w = theta[p + i * fan_in + j], *d = deltas[outputs + i];
                e0 += w * get(d);
                e1 += w * get(d + 16);
                e2 += w * get(d + 32);
                e3 += w * get(d + 48);
            }
            const float *a = values[inputs + j];
            float *d = deltas[inputs + j];
            put(d, gate(get(a), e0)), put(d + 16, gate(get(a + 16), e1));
            put(d + 32, gate(get(a + 32), e2)), put(d + 48, gate(get(a + 48), e3));
        }
        outputs = inputs;
    }
}

/* Lane k of the result is the sum of row k: fold rows k and k + 8, then k and k + 4, ... */
static inline vector sum_rows(const float (*rows)[LANES])
{
    vector r[LANES];
    for (int k = 0; k < LANES; k++)
        r[k] = get(rows[k]);
#define FOLD(n, ...)                                                                               \
    for (int k = 0; k < n; k++)                                                                    \
        r[k] = __builtin_shuffle(r[k], r[k + n], (indices)BLEND_##n) +                             \
               __builtin_shuffle(r[k], r[k + n], (indices)CROSS_##n);
#define BLEND_8 {0, 1, 2, 3, 4, 5, 6, 7, 24, 25, 26, 27, 28, 29, 30, 31}
#define CROSS_8 {8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23}
#define BLEND_4 {0, 1, 2, 3, 20, 21, 22, 23, 8, 9, 10, 11, 28, 29, 30, 31}
#define CROSS_4 {4, 5, 6, 7, 16, 17, 18, 19, 12, 13, 14, 15, 24, 25, 26, 27}
#define BLEND_2 {0, 1, 18, 19, 4, 5, 22, 23, 8, 9, 26, 27, 12, 13, 30, 31}
#define CROSS_2 {2, 3, 16, 17, 6, 7, 20, 21, 10, 11, 24, 25, 14, 15, 28, 29}
#define BLEND_1 {0, 17, 2, 19, 4, 21, 6, 23, 8, 25, 10, 27, 12, 29, 14, 31}
#define CROSS_1 {1, 16, 3, 18, 5, 20, 7, 22, 9, 24, 11, 26, 13, 28, 15, 30}
    FOLD(8) FOLD(4) FOLD(2) FOLD(1)
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
    int rows = 0;
    for (int layer = 0; layer <= layers; layer++)
        rows += widths[layer];
    for (int k = 0; k < networks; k++) {
        float w[MOST_PARAMETERS] = {0}, m[MOST_PARAMETERS] = {0}, v[MOST_PARAMETERS] = {0};
        memcpy(w, theta + k * parameters, parameters * sizeof(float));
        memset(partials, 0, sizeof partials);
        for (int step = 0; step < steps; step++) {
            memcpy(values, x + (long)step * widths[0] * BATCH, widths[0] * sizeof values[0]);
            forward(widths, layers, w);
            for (int s = 0; s < BATCH; s += LANES) {
                const vector out = get(values[rows - 1] + s), target = get(y + step * BATCH + s);
                put(deltas[rows - 1] + s, (out - target) * (2.0f / BATCH));
            }
            backward(widths, layers, rows, w, parameters);
            for (int p = 0; p < parameters; p += LANES) {
                const vector g = sum_rows(partials + p);
                const vector first = get(m + p) + (g - get(m + p)) * 0.1f;
                const vector second = get(v + p) * 0.999f + g * g * 0.001f;
                put(m + p, gate(magnitude(first) - 1e-30f, first)); /* denormals cost a trap */
                put(v + p, gate(second - 1e-30f, second));
                put(w + p, get(w + p) - first * rates[step] / (root(second) + epsilons[step]));
            }
        }
        memcpy(theta + k * parameters, w, parameters * sizeof(float));
    }
}
