/* The backward pass of Z = X @ W + b as a program of its own: JSON on standard input, JSON on standard output.

   cc -O2 -o dense_backward dense_backward.c
   backproof check ./dense_backward --against dense

   Compiled with -DWRONG it takes the mean over the rows for the gradient of b, with -DSLEEPING it never answers, with -DCRASHING it
   aborts. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { double *data; size_t rows, columns; } matrix;

/* The numbers of the array that follows "name": in the text; rows are counted by their closing brackets. */
static matrix read_array(const char *text, const char *name)
{
    char key[64];
    matrix found = {NULL, 0, 0};
    size_t count = 0, room = 0;
    int depth = 0;
    snprintf(key, sizeof key, "\"%s\":", name);
    const char *at = strstr(text, key);
    if (at == NULL) { fprintf(stderr, "no %s in the input\n", name); exit(2); }
    for (at += strlen(key);; ) {
        if (*at == '[') { depth++; at++; }
        else if (*at == ']') { at++; found.rows += depth == 2; if (--depth == 0) break; }
        else if (*at == ',' || *at == ' ') at++;
        else {
            char *end;
            double value = strtod(at, &end);   /* reads NaN and Infinity as well */
            if (end == at) { fprintf(stderr, "%s holds what is no number\n", name); exit(2); }
            if (count == room) found.data = realloc(found.data, (room = 2 * room + 16) * sizeof(double));
            found.data[count++] = value;
            at = end;
        }
    }
    found.columns = found.rows ? count / found.rows : count;
    return found;
}

static void write_row(const double *row, size_t count)
{
    putchar('[');
    for (size_t j = 0; j < count; j++) printf("%s%.17g", j ? "," : "", row[j]);
    putchar(']');
}

static void write_matrix(const char *name, const double *data, size_t rows, size_t columns)
{
    printf("\"%s\":[", name);
    for (size_t i = 0; i < rows; i++) { if (i) putchar(','); write_row(data + i * columns, columns); }
    putchar(']');
}

int main(void)
{
    size_t length = 0, room = 1 << 16;
    char *text = malloc(room);
    for (size_t got; (got = fread(text + length, 1, room - length - 1, stdin)) > 0; )
        if ((length += got) + 1 == room) text = realloc(text, room *= 2);
    text[length] = 0;

#ifdef SLEEPING
    for (;;) ;
#endif
#ifdef CRASHING
    abort();
#endif
    matrix X = read_array(text, "X"), W = read_array(text, "W"), b = read_array(text, "b"), dZ = read_array(text, "Z");
    size_t n = X.rows, d = W.rows, k = b.columns;  /* an empty array has rows or columns, and not both */
    double *dX = calloc(n * d + 1, sizeof *dX), *dW = calloc(d * k + 1, sizeof *dW), *db = calloc(k + 1, sizeof *db);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < k; j++) {
            double g = dZ.data[i * k + j];
            for (size_t a = 0; a < d; a++) {
                dX[i * d + a] += g * W.data[a * k + j];
                dW[a * k + j] += X.data[i * d + a] * g;
            }
#ifdef WRONG
            g /= n;
#endif
            db[j] += g;
        }
    printf("{\"gradients\":{");
    write_matrix("X", dX, n, d); putchar(',');
    write_matrix("W", dW, d, k); putchar(',');
    printf("\"b\":"); write_row(db, k);
    printf("}}\n");
    return 0;
}
