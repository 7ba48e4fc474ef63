"""What four articles on the mathematics of neural networks state, claim by claim, run and judged.

``CLAIMS`` numbers the statements; the tests of claim b10 are named ``test_b10_...``.  Where a statement is not right as it
stands, its tests assert the correction.  Where it can be read in more than one way, the readings are tested side by side.
"""

from __future__ import annotations

# "Mathematics You Should Know To Understand Neural Networks" (a), "Neural Network Math: Clear Formula Brilliance" (b),
# "Neural Networks: The Math" (c), "The Mind-Blowing Math Behind Neural Networks Explained" (d).
CLAIMS = {
    "a1": "an image is unrolled to a vector",
    "a2": "a network has an input, a hidden and an output layer",
    "a3": "the weighted sum is z = w^T x + b",
    "a4": "the activation is a = sigma(z)",
    "a5": "logistic regression and its cost, a sum of logarithms",
    "a6": "forward propagation",
    "a7": "back propagation",
    "a8": "gradient descent on w and b",
    "b1": "Z = W X + b, columns are samples",
    "b2": "sigma(0) = 1/2 and sigma' = sigma (1 - sigma)",
    "b3": "the derivative of max(0, z) is 1 above 0, and else 0",
    "b4": "softmax; tanh lies between -1 and 1",
    "b5": "1/2 (yhat - y)^2 has the derivative yhat - y; binary cross-entropy; the cost is the mean loss",
    "b6": "dC/dW = dC/dZ dZ/dW, dZ/dW = A_prev, dZ/db = 1; W <- W - eta delta A_prev^T, b <- b - eta delta",
    "b7": "batch, stochastic and mini-batch gradient descent",
    "b8": "momentum v = beta v + (1 - beta) grad C",
    "b9": "Adam corrects the bias of its moments; a high learning rate overshoots, a low one crawls",
    "b10": "a worked example with ten printed results",
    "b11": "(f*g)[i, j] = sum_m sum_n f[i - m, j - n]; as a Toeplitz matrix; as 1x9 times 9x1",
    "b12": "the recurrent layer, back-propagation through time, spectral radius below 1, the Hessian",
    "b13": "a dense layer costs O(n^2), a convolution O(k^2 n)",
    "b14": "a network is a graph; eigenvalues say whether small changes of the input grow",
    "c1": "a perceptron sums x_i w_i and a bias",
    "c2": "its activation is a binary step or a sigmoid",
    "c3": "the loss is the squared error, the cost its mean",
    "c4": "dC/dw = dC/dyhat . dyhat/dz . dz/dw",
    "c5": "the bias is the weight of a constant input 1",
    "c6": "gradient descent with learning rate alpha until convergence",
    "d1": "rows are samples, columns are features; z = x.w + b",
    "d2": "the gradient of a sigmoid vanishes for large |z|",
    "d3": "a rectifier can die; Leaky ReLU and ELU cannot",
    "d4": "a softmax sums to 1",
    "d5": "MSE is sum (y_pred - y_true)^2",
    "d6": "cross-entropy",
    "d7": "back-propagation is the chain rule from the output layer backwards",
    "d8": "Adagrad, RMSprop, momentum; Adam combines RMSprop and momentum",
    "d9": "L1 and L2 regularisation",
    "d10": "dropout of a random subset of neurons",
    "d11": "gradient descent",
}
