(* T9s and T9x: regret of AMSGrad and AdamX on a box, on every path, with a momentum that fades: decays beta_t <= beta1 < 1,
   m_t = beta_t m_{t-1} + (1-beta_t) g_t, x_t = clip(x_{t-1} - eta_t m_t), eta_t = alpha/sqrt(t h_t), w = 1 - beta2.
   AMSGrad has h_t = eps + vmax_t. If beta_t does not increase, its regret is at most
       sum_i [ (D_i^2/(2 alpha (1-beta1))) sqrt(T h_{T,i})
               + ((1+beta1) alpha sqrt(1 + ln T)/(2 (1-beta1)^2 sqrt w)) sqrt(sum_t g_{t,i}^2) ].
   This is below the published bound (Reddi, Kale and Kumar 2018, Theorem 4, with eps + vmax in the place of vmax)
       sum_i [ (D_i^2/(alpha (1-beta1))) sqrt(T h_{T,i}) + (c D_i^2/(1-beta1)) sum_t beta_t sqrt(t h_{t,i})/alpha
               + (alpha sqrt(1 + ln T)/((1-beta1)^2 (1-gamma) sqrt w)) sqrt(sum_t g_{t,i}^2) ],
   gamma = beta1/sqrt beta2 < 1, c = 1/2; for c = 1 it holds in whatever order beta_t are. The step of its proof that
   sqrt(t h_t)/(1-beta_t) does not decrease is false; AdamX, h_t = max(((1-beta_t)/(1-beta_{t-1}))^2 h_{t-1}, eps + v_t),
   makes it true, and has
       sum_i [ (D_i^2/2) (sqrt(T h_{T,i})/(alpha (1-beta_T)) + sum_t (beta_t/(1-beta_t)) sqrt(t h_{t,i})/alpha)
               + ((1+beta1) alpha sqrt(1 + ln T)/(2 (1-beta1)^2 sqrt w)) sqrt(sum_t g_{t,i}^2) ].
   In Coq the sequences start at 0: g t and b t belong to the step from x t to x (t+1). *)
From Coq Require Import Reals Lra Lia Psatz.
From Mada Require Import Sums Logarithm RatioSums DecreasingWeights Setting AVGradWeights Regret RegretMomentum.
Local Open Scope R_scope.

Definition fading (beta1 : R) (t : nat) : R := beta1 / INR (S t).

(* h_t of both methods for the gradient g t. *)
Definition amsgrad_h (eps beta2 : R) (b x : nat -> R) (t : nat) : R := eps + vmax beta2 x (S t).
Fixpoint adamx_h (eps beta2 : R) (b x : nat -> R) (t : nat) : R :=
  match t with
  | O => eps + v beta2 x 1
  | S t => Rmax (((1 - b (S t)) / (1 - b t))² * adamx_h eps beta2 b x t) (eps + v beta2 x (S (S t)))
  end.
Definition adamx_eta (eps alpha beta2 : R) (b : nat -> R) (g : nat -> vec) (t i : nat) : R :=
  alpha / sqrt (INR (S t) * adamx_h eps beta2 b (squares g i) t).

(* The right sides. *)
Definition published_bound (c : R) (T d : nat) (eps alpha beta1 beta2 : R) (b : nat -> R) (lo hi : vec)
    (g : nat -> vec) : R :=
  sum d (fun i => (hi i - lo i)² / (alpha * (1 - beta1)) * sqrt (INR T * (eps + vmax beta2 (squares g i) T))
    + c * (hi i - lo i)² / (1 - beta1)
      * sum T (fun t => b t * (sqrt (INR (S t) * (eps + vmax beta2 (squares g i) (S t))) / alpha))
    + alpha * sqrt (1 + ln (INR T)) / ((1 - beta1)² * (1 - beta1 / sqrt beta2) * sqrt (1 - beta2))
      * sqrt (sum T (squares g i))).
Definition fading_bound (T d : nat) (eps alpha beta1 beta2 : R) (lo hi : vec) (g : nat -> vec) : R :=
  sum d (fun i => (hi i - lo i)² / (2 * alpha * (1 - beta1)) * sqrt (INR T * (eps + vmax beta2 (squares g i) T))
    + (1 + beta1) * alpha * sqrt (1 + ln (INR T)) / (2 * (1 - beta1)² * sqrt (1 - beta2))
      * sqrt (sum T (squares g i))).
Definition adamx_bound (T d : nat) (eps alpha beta1 beta2 : R) (b : nat -> R) (lo hi : vec) (g : nat -> vec) : R :=
  sum d (fun i => (hi i - lo i)² / 2
      * (sqrt (INR T * adamx_h eps beta2 b (squares g i) (T - 1)) / (alpha * (1 - b (T - 1)%nat))
         + sum T (fun t => b t / (1 - b t) * (sqrt (INR (S t) * adamx_h eps beta2 b (squares g i) t) / alpha)))
    + (1 + beta1) * alpha * sqrt (1 + ln (INR T)) / (2 * (1 - beta1)² * sqrt (1 - beta2))
      * sqrt (sum T (squares g i))).
Definition published_right (T d D G eps alpha beta1 beta2 : R) : R :=
  d * sqrt T * (D² * radius eps G * (1 + beta1) / (alpha * (1 - beta1))
    + alpha * sqrt (1 + ln T) / ((1 - beta1)² * (1 - beta1 / sqrt beta2) * sqrt (1 - beta2)) * G).
Definition fading_right (T d D G eps alpha beta1 beta2 : R) : R :=
  d * sqrt T * (D² * radius eps G / (2 * alpha * (1 - beta1))
    + (1 + beta1) * alpha * sqrt (1 + ln T) / (2 * (1 - beta1)² * sqrt (1 - beta2)) * G).
Definition adamx_right (T d D G eps alpha beta1 beta2 : R) : R :=
  d * sqrt T * (D² * radius eps G * (1 + 2 * beta1) / (2 * alpha * (1 - beta1))
    + (1 + beta1) * alpha * sqrt (1 + ln T) / (2 * (1 - beta1)² * sqrt (1 - beta2)) * G).

Section Coordinate.
Variables (x e y b K : nat -> R) (lo hi u beta1 : R).
Let M := moment b y.
Let a t := / (1 - b t).
Hypothesis x0_in : lo <= x O <= hi.
Hypothesis u_in : lo <= u <= hi.
Hypothesis b_up : forall t, 0 <= b t <= beta1.
Hypothesis beta1_1 : beta1 < 1.
Hypothesis e_pos : forall t, 0 < e t.
Hypothesis e_mono : forall t, e (S t) <= e t.
Hypothesis x_step : forall t, x (S t) = clip lo hi (x t - e t * M (S t)).
(* What bounds the weights a_t/e_t of the distances, and their increments. *)
Hypothesis K_0 : a O / e O <= K O.
Hypothesis K_S : forall t, K t <= K (S t) /\ a (S t) / e (S t) - a t / e t <= K (S t) - K t.

Local Lemma a_pos t : 0 < a t.
Proof. pose proof (b_up t). apply Rinv_0_lt_compat. lra. Qed.

Local Lemma inside t : lo <= x t <= hi.
Proof. destruct t as [|t]; [auto|]. rewrite x_step. apply clip_in. lra. Qed.

Local Lemma one_gradient t : y t * (x t - u)
  <= a t * (((x t - u)² - (x (S t) - u)²) / (2 * e t) + 1 / 2 * (e t * (M (S t))²))
     + a t * b t * ((x t - u)² / (2 * e t) + 1 / 2 * (e t * (M t)²)).
Proof.
  pose proof (b_up t) as B. pose proof (a_pos t) as A. pose proof (e_pos t) as P.
  pose proof (Regret.one_step x e (fun t => M (S t)) lo hi u u_in e_pos x_step t) as H1. cbv beta in H1.
  assert (H2 : - (M t * (x t - u)) <= (x t - u)² / (2 * e t) + 1 / 2 * (e t * (M t)²)).
  { apply Rmult_le_reg_r with (2 * e t); [lra|].
    replace (((x t - u)² / (2 * e t) + 1 / 2 * (e t * (M t)²)) * (2 * e t)) with ((x t - u)² + (e t * M t)²)
      by (unfold Rsqr; field; lra).
    pose proof (Rle_0_sqr (e t * M t + (x t - u))). unfold Rsqr in *. lra. }
  replace (y t * (x t - u)) with (a t * (M (S t) * (x t - u)) + a t * b t * - (M t * (x t - u)))
    by (unfold a, M; simpl; field; lra).
  apply Rplus_le_compat; apply Rmult_le_compat_l; auto; [lra|]. apply Rmult_le_pos; lra.
Qed.

Local Lemma telescoped T : sum (S T) (fun t => y t * (x t - u))
  <= (hi - lo)² / 2 * (K T + sum (S T) (fun t => b t / (1 - b t) / e t)) - a T / e T / 2 * (x (S T) - u)²
     + 1 / 2 * sum (S T) (fun t => a t * (e t * (M (S t))² + b t * (e t * (M t)²))).
Proof.
  assert (W : forall t, (x t - u)² <= (hi - lo)²) by (intros; apply width_square; [apply inside | auto]).
  assert (E : forall t, b t / (1 - b t) / e t = a t * b t / e t)
    by (intros; unfold a, Rdiv; ring).
  assert (Q : forall t, 0 <= a t * b t / e t).
  { intros t. pose proof (b_up t). pose proof (a_pos t). apply Rmult_le_pos; [apply Rmult_le_pos; lra|].
    left. apply Rinv_0_lt_compat, e_pos. }
  assert (S1 : forall t, y t * (x t - u) <= a t / e t / 2 * (x t - u)² - a t / e t / 2 * (x (S t) - u)²
                         + a t * b t / e t / 2 * (hi - lo)²
                         + 1 / 2 * (a t * (e t * (M (S t))² + b t * (e t * (M t)²)))).
  { intros t. apply Rle_trans with (1 := one_gradient t). pose proof (e_pos t) as P.
    pose proof (Rmult_le_compat_l _ _ _ (Q t) (W t)) as H.
    replace (a t * (((x t - u)² - (x (S t) - u)²) / (2 * e t) + 1 / 2 * (e t * (M (S t))²))
             + a t * b t * ((x t - u)² / (2 * e t) + 1 / 2 * (e t * (M t)²)))
      with (a t / e t / 2 * (x t - u)² - a t / e t / 2 * (x (S t) - u)² + a t * b t / e t * (x t - u)² / 2
            + 1 / 2 * (a t * (e t * (M (S t))² + b t * (e t * (M t)²)))) by (field; lra).
    lra. }
  induction T as [|T IH].
  - simpl sum. rewrite E. pose proof (S1 O) as H. pose proof (W O) as H0.
    assert (0 <= a O / e O) by (left; apply Rdiv_lt_0_compat; [apply a_pos | apply e_pos]).
    pose proof (Rmult_le_compat_l _ _ _ H1 H0). pose proof (Rle_0_sqr (hi - lo)) as H3.
    pose proof (Rmult_le_compat_r _ _ _ H3 K_0). lra.
  - rewrite !(sum_S (S T)), E. pose proof (S1 (S T)) as H. pose proof (W (S T)) as H0.
    destruct (K_S T) as [K1 K2].
    (* (a_{T+1}/e_{T+1} - a_T/e_T) (x_{T+1} - u)^2 <= (K_{T+1} - K_T) D^2 *)
    assert (H2 : (a (S T) / e (S T) - a T / e T) * (x (S T) - u)² <= (K (S T) - K T) * (hi - lo)²).
    { apply Rle_trans with ((K (S T) - K T) * (x (S T) - u)²).
      - apply Rmult_le_compat_r; [apply Rle_0_sqr | lra].
      - apply Rmult_le_compat_l; lra. }
    lra.
Qed.

Lemma coordinate_schedule T : sum (S T) (fun t => y t * (x t - u))
  <= (hi - lo)² / 2 * (K T + sum (S T) (fun t => b t / (1 - b t) / e t))
     + (1 + beta1) / (2 * (1 - beta1)²) * sum (S T) (fun t => e t * (y t)²).
Proof.
  apply Rle_trans with (1 := telescoped T).
  assert (A : 0 <= a T / e T / 2 * (x (S T) - u)²).
  { apply Rmult_le_pos; [|apply Rle_0_sqr]. pose proof (Rdiv_lt_0_compat _ _ (a_pos T) (e_pos T)). lra. }
  assert (M0 : (moment b y 0)² = 0) by (simpl; apply Rsqr_0).
  pose proof (later_is_more (S T) e (fun t => (M t)²) M0 ltac:(intros; apply Rle_0_sqr)
    (fun t => Rlt_le _ _ (e_pos t)) e_mono) as L.
  pose proof (moment_squares (S T) b y e beta1 b_up beta1_1 (fun t => Rlt_le _ _ (e_pos t)) e_mono) as Q. fold M in Q.
  assert (B0 : 0 <= beta1) by (pose proof (b_up O); lra).
  assert (Y : sum (S T) (fun t => (1 - b t) * (e t * (y t)²)) <= sum (S T) (fun t => e t * (y t)²)).
  { apply sum_le; intros t _. pose proof (b_up t). pose proof (e_pos t).
    assert (0 <= e t * (y t)²) by (apply Rmult_le_pos; [lra | apply Rle_0_sqr]). nra. }
  set (N := sum (S T) (fun t => e t * (M (S t))²)) in *. set (Z := sum (S T) (fun t => e t * (y t)²)) in *.
  assert (H : sum (S T) (fun t => a t * (e t * (M (S t))² + b t * (e t * (M t)²))) <= (1 + beta1) / (1 - beta1) * N).
  { apply Rle_trans with (sum (S T) (fun t => / (1 - beta1) * (e t * (M (S t))² + beta1 * (e t * (M t)²)))).
    - apply sum_le; intros t _. pose proof (b_up t). pose proof (e_pos t).
      assert (0 <= e t * (M (S t))²) by (apply Rmult_le_pos; [lra | apply Rle_0_sqr]).
      assert (P : 0 <= e t * (M t)²) by (apply Rmult_le_pos; [lra | apply Rle_0_sqr]).
      apply Rmult_le_compat.
      + left. apply a_pos.
      + assert (0 <= b t * (e t * (M t)²)) by (apply Rmult_le_pos; lra). lra.
      + apply Rinv_le_contravar; lra.
      + pose proof (Rmult_le_compat_r _ _ _ P (proj2 (b_up t))). lra.
    - rewrite sum_scal, sum_plus, sum_scal. fold N.
      replace ((1 + beta1) / (1 - beta1) * N) with (/ (1 - beta1) * (N + beta1 * N)) by (field; lra).
      apply Rmult_le_compat_l; [left; apply Rinv_0_lt_compat; lra|].
      pose proof (Rmult_le_compat_l _ _ _ B0 L). lra. }
  assert (NZ : N <= / (1 - beta1) * Z).
  { apply Rmult_le_reg_l with (1 - beta1); [lra|]. rewrite <- Rmult_assoc, Rinv_r by lra. lra. }
  assert ((1 + beta1) / (1 - beta1) * N <= (1 + beta1) / (1 - beta1) * (/ (1 - beta1) * Z)).
  { apply Rmult_le_compat_l; [left; apply Rdiv_lt_0_compat; lra | auto]. }
  replace ((1 + beta1) / (2 * (1 - beta1)²) * Z) with (1 / 2 * ((1 + beta1) / (1 - beta1) * (/ (1 - beta1) * Z)))
    by (unfold Rsqr; field; lra).
  lra.
Qed.
End Coordinate.

Section Methods.
Variables (d : nat) (lo hi x0 : vec) (g : nat -> vec) (eps alpha beta1 beta2 : R) (b : nat -> R).
Hypothesis x0_in : forall i, (i < d)%nat -> lo i <= x0 i <= hi i.
Hypothesis eps_pos : 0 < eps.
Hypothesis alpha_pos : 0 < alpha.
Hypothesis beta1_01 : 0 <= beta1 < 1.
Hypothesis beta2_01 : 0 <= beta2 < 1.
Hypothesis b_up : forall t, 0 <= b t <= beta1.
Variable f : nat -> vec -> R.
Variables (T : nat) (u : vec).
Hypothesis T_pos : (0 < T)%nat.
Hypothesis u_in : forall i, (i < d)%nat -> lo i <= u i <= hi i.

Local Notation last i := ((1 + beta1) * alpha * sqrt (1 + ln (INR T)) / (2 * (1 - beta1)² * sqrt (1 - beta2))
  * sqrt (sum T (squares g i))).

(* Any h that does not decrease and is at least eps and w g_t^2, with K as in the section before. *)
Local Lemma schedule_of h K : (forall i t, eps <= h i t) -> (forall i t, h i t <= h i (S t)) ->
  (forall i t, (1 - beta2) * (g t i)² <= h i t) ->
  let w i t := sqrt (INR (S t) * h i t) / alpha in
  (forall i, w i O / (1 - b O) <= K i O) ->
  (forall i t, K i t <= K i (S t) /\ w i (S t) / (1 - b (S t)) - w i t / (1 - b t) <= K i (S t) - K i t) ->
  let X := online (fun t i => alpha / sqrt (INR (S t) * h i t)) (moments b g) lo hi x0 in
  (forall t u, f t u >= f t (X t) + dot d (g t) (fun i => u i - X t i)) ->
  sum T (fun t => f t (X t) - f t u)
  <= sum d (fun i => (hi i - lo i)² / 2 * (K i (T - 1)%nat + sum T (fun t => b t / (1 - b t) * w i t)) + last i).
Proof.
  intros h_eps h_mono h_low w K_0 K_S X Hf.
  assert (hp : forall i t, 0 < h i t) by (intros; pose proof (h_eps i t); lra).
  assert (bp : forall i t, 0 < INR (S t) * h i t) by (intros; apply Rmult_lt_0_compat; [apply INR_S_pos | auto]).
  assert (bm : forall i t, INR (S t) * h i t <= INR (S (S t)) * h i (S t)).
  { intros. apply Rmult_le_compat; auto using pos_INR; [left; apply hp | apply le_INR; lia]. }
  set (e i t := alpha / sqrt (INR (S t) * h i t)).
  assert (ep : forall i t, 0 < e i t) by (intros; apply Rdiv_lt_0_compat; auto; apply sqrt_lt_R0; auto).
  assert (we : forall i t q, q / e i t = q * w i t).
  { intros i t q. unfold e, w. pose proof (sqrt_lt_R0 _ (bp i t)). field. lra. }
  assert (wa : forall i t, / (1 - b t) / e i t = w i t / (1 - b t)).
  { intros i t. rewrite we. unfold Rdiv. ring. }
  apply by_coordinates with (g := g); auto. intros i Hi. destruct T as [|T']; [lia|].
  replace (S T' - 1)%nat with T' by lia.
  apply Rle_trans with (1 := coordinate_schedule (fun t => X t i) (e i) (fun t => g t i) b (K i) (lo i) (hi i) (u i) beta1
    (x0_in i Hi) (u_in i Hi) b_up ltac:(lra) (ep i) ltac:(intros; apply step_mono; auto) ltac:(reflexivity)
    ltac:(cbv beta; rewrite wa; auto) ltac:(intros t; cbv beta; rewrite !wa; auto) T').
  apply Rplus_le_compat.
  - right. do 2 f_equal. apply sum_ext; intros t _. apply we.
  - pose proof (amsgrad_steps g alpha beta2 alpha_pos beta2_01 (S T') ltac:(lia) i (h i) (hp i) (h_low i)) as H.
    fold (e i) in H. pose proof (sqrt_lt_R0 (1 - beta2) ltac:(lra)) as Hw.
    apply Rle_trans with ((1 + beta1) / (2 * (1 - beta1)²)
      * (2 * (alpha * sqrt (1 + ln (INR (S T'))) / (2 * sqrt (1 - beta2)) * sqrt (sum (S T') (squares g i))))).
    + apply Rmult_le_compat_l.
      * left. apply Rdiv_lt_0_compat; [lra|]. apply Rmult_lt_0_compat; [lra|]. apply Rlt_0_sqr. lra.
      * unfold e in *. lra.
    + right. unfold Rsqr. field. lra.
Qed.

(* h of AMSGrad. *)
Local Notation h i := (amsgrad_h eps beta2 b (squares g i)).

Local Lemma amsgrad_h_eps i t : eps <= h i t.
Proof. unfold amsgrad_h. pose proof (vmax_nonneg beta2 (squares g i) (S t)). lra. Qed.

Local Lemma amsgrad_h_mono i t : h i t <= h i (S t).
Proof. apply Rplus_le_compat_l, Rmax_l. Qed.

Local Lemma amsgrad_h_low i t : (1 - beta2) * (g t i)² <= h i t.
Proof.
  pose proof (vmax_low beta2 (squares g i) t ltac:(lra) (squares_nonneg g i)) as H. unfold squares at 1 in H.
  unfold amsgrad_h. lra.
Qed.

(* The weights of the distances. *)
Local Notation w i t := (sqrt (INR (S t) * h i t) / alpha).

Local Lemma w_nonneg i t : 0 <= w i t.
Proof. apply Rmult_le_pos; [apply sqrt_pos | left; apply Rinv_0_lt_compat; auto]. Qed.

Local Lemma w_mono i t : w i t <= w i (S t).
Proof.
  apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; auto|]. apply sqrt_le_1_alt.
  apply Rmult_le_compat; auto using pos_INR; [|apply le_INR; lia | apply amsgrad_h_mono].
  pose proof (amsgrad_h_eps i t). lra.
Qed.

Local Lemma a_between t : 1 <= / (1 - b t) <= / (1 - beta1).
Proof.
  pose proof (b_up t). split; [|apply Rinv_le_contravar; lra].
  rewrite <- Rinv_1. apply Rinv_le_contravar; lra.
Qed.

(* The published terms are no smaller than those that are proved. *)
Local Lemma published_last i : 0 < beta2 -> beta1 < sqrt beta2 ->
  last i <= alpha * sqrt (1 + ln (INR T)) / ((1 - beta1)² * (1 - beta1 / sqrt beta2) * sqrt (1 - beta2))
            * sqrt (sum T (squares g i)).
Proof.
  intros H2 Hg. apply Rmult_le_compat_r; [apply sqrt_pos|]. pose proof (sqrt_lt_R0 (1 - beta2) ltac:(lra)) as Hw.
  pose proof (sqrt_lt_R0 beta2 H2) as Hs. set (c := 1 - beta1 / sqrt beta2).
  assert (Hc : 0 < c <= 1).
  { unfold c. assert (0 <= beta1 / sqrt beta2) by (apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; auto]).
    assert (beta1 / sqrt beta2 < 1); [|lra]. apply Rmult_lt_reg_r with (sqrt beta2); [auto|].
    unfold Rdiv. rewrite Rmult_assoc, Rinv_l; lra. }
  pose proof (sqrt_pos (1 + ln (INR T))) as Hl. assert (Hb : 0 < (1 - beta1)²) by (apply Rlt_0_sqr; lra).
  set (N := alpha * sqrt (1 + ln (INR T)) / ((1 - beta1)² * sqrt (1 - beta2))).
  assert (HN : 0 <= N).
  { apply Rmult_le_pos; [apply Rmult_le_pos; lra|]. left. apply Rinv_0_lt_compat, Rmult_lt_0_compat; auto. }
  replace ((1 + beta1) * alpha * sqrt (1 + ln (INR T)) / (2 * (1 - beta1)² * sqrt (1 - beta2)))
    with (N * ((1 + beta1) / 2)) by (unfold N; field; lra).
  replace (alpha * sqrt (1 + ln (INR T)) / ((1 - beta1)² * c * sqrt (1 - beta2))) with (N * / c)
    by (unfold N; field; lra).
  apply Rmult_le_compat_l; [auto|]. apply Rle_trans with 1; [lra|]. rewrite <- Rinv_1. apply Rinv_le_contravar; lra.
Qed.

(* D^2/2 (k w_T + (2 c) sum b_t/(1-b_t) w_t) is below the first two published terms, k = 1 or 1/(1-beta1). *)
Local Lemma published_distances i c k : 0 <= c -> k <= / (1 - beta1) ->
  (hi i - lo i)² / 2 * (k * w i (T - 1)%nat + 2 * c * sum T (fun t => b t / (1 - b t) * w i t))
  <= (hi i - lo i)² / (alpha * (1 - beta1)) * sqrt (INR T * (eps + vmax beta2 (squares g i) T))
     + c * (hi i - lo i)² / (1 - beta1) * sum T (fun t => b t * w i t).
Proof.
  intros Hc Hk. destruct T as [|T']; [lia|]. replace (S T' - 1)%nat with T' by lia.
  fold (h i T'). set (D2 := (hi i - lo i)²). assert (HD : 0 <= D2) by apply Rle_0_sqr.
  assert (Pa : 0 < / (1 - beta1)) by (apply Rinv_0_lt_compat; lra).
  assert (H : sum (S T') (fun t => b t / (1 - b t) * w i t) <= / (1 - beta1) * sum (S T') (fun t => b t * w i t)).
  { rewrite <- sum_scal. apply sum_le; intros t _. pose proof (b_up t) as B. pose proof (proj2 (a_between t)) as A.
    replace (b t / (1 - b t) * w i t) with (/ (1 - b t) * (b t * w i t)) by (unfold Rdiv; ring).
    apply Rmult_le_compat_r; [apply Rmult_le_pos; [lra | apply w_nonneg] | auto]. }
  replace (D2 / (alpha * (1 - beta1)) * sqrt (INR (S T') * h i T')) with (D2 * (/ (1 - beta1) * w i T'))
    by (field; lra).
  replace (c * D2 / (1 - beta1) * sum (S T') (fun t => b t * w i t))
    with (D2 * (c * (/ (1 - beta1) * sum (S T') (fun t => b t * w i t)))) by (field; lra).
  pose proof (Rmult_le_compat_l c _ _ Hc H) as H2.
  pose proof (Rmult_le_compat_r _ _ _ (w_nonneg i T') Hk) as H3.
  pose proof (w_nonneg i T') as W. assert (H4 : 0 <= / (1 - beta1) * w i T') by (apply Rmult_le_pos; lra).
  replace (D2 / 2 * (k * w i T' + 2 * c * sum (S T') (fun t => b t / (1 - b t) * w i t)))
    with (D2 * (k * w i T' / 2 + c * sum (S T') (fun t => b t / (1 - b t) * w i t))) by (field; lra).
  rewrite <- Rmult_plus_distr_l. apply Rmult_le_compat_l; [auto | lra].
Qed.

(* Decays that do not increase: T9m's inequality, and sum eta_t m_t^2 <= sum eta_t g_t^2/(1-beta1). *)
Local Lemma fading_of : (forall t, b (S t) <= b t) ->
  let X := online (amsgrad_eta eps alpha beta2 g) (moments b g) lo hi x0 in
  (forall t u, f t u >= f t (X t) + dot d (g t) (fun i => u i - X t i)) ->
  sum T (fun t => f t (X t) - f t u) <= fading_bound T d eps alpha beta1 beta2 lo hi g.
Proof.
  intros b_mono X Hf. pose proof (sqrt_lt_R0 (1 - beta2) ltac:(lra)) as Hw.
  assert (hp : forall i t, 0 < h i t) by (intros; pose proof (amsgrad_h_eps i t); lra).
  assert (bp : forall i t, 0 < INR (S t) * h i t) by (intros; apply Rmult_lt_0_compat; [apply INR_S_pos | auto]).
  assert (bm : forall i t, INR (S t) * h i t <= INR (S (S t)) * h i (S t)).
  { intros. apply Rmult_le_compat; auto using pos_INR, amsgrad_h_mono; [left; apply hp | apply le_INR; lia]. }
  assert (ep : forall t i, 0 < amsgrad_eta eps alpha beta2 g t i)
    by (intros t i; apply Rdiv_lt_0_compat; auto; apply sqrt_lt_R0, (bp i t)).
  assert (em : forall t i, amsgrad_eta eps alpha beta2 g (S t) i <= amsgrad_eta eps alpha beta2 g t i)
    by (intros t i; apply step_mono; auto; split; [apply (bp i t) | apply (bm i t)]).
  apply Rle_trans with (1 := momentum_regret d lo hi x0 g (amsgrad_eta eps alpha beta2 g) b beta1 x0_in b_up b_mono
    ltac:(lra) (fun t i _ => ep t i) (fun t i _ => em t i) f Hf T u T_pos u_in).
  apply sum_le; intros i _. apply Rplus_le_compat.
  - right. destruct T as [|T']; [lia|]. replace (S T' - 1)%nat with T' by lia. unfold amsgrad_eta.
    fold (h i T'). pose proof (sqrt_lt_R0 _ (bp i T')). field. lra.
  - pose proof (moment_squares T b (fun s => g s i) (fun t => amsgrad_eta eps alpha beta2 g t i) beta1 b_up ltac:(lra)
      (fun t => Rlt_le _ _ (ep t i)) (fun t => em t i)) as Q. cbv beta in Q.
    pose proof (amsgrad_steps g alpha beta2 alpha_pos beta2_01 T T_pos i (h i) (hp i) (amsgrad_h_low i)) as H.
    assert (Y : sum T (fun t => (1 - b t) * (amsgrad_eta eps alpha beta2 g t i * (g t i)²))
                <= sum T (fun t => alpha / sqrt (INR (S t) * h i t) * (g t i)²)).
    { apply sum_le; intros t _. pose proof (b_up t). fold (amsgrad_eta eps alpha beta2 g t i).
      change (alpha / sqrt (INR (S t) * h i t)) with (amsgrad_eta eps alpha beta2 g t i).
      assert (0 <= amsgrad_eta eps alpha beta2 g t i * (g t i)²)
        by (apply Rmult_le_pos; [left; apply ep | apply Rle_0_sqr]). nra. }
    change (sum T (fun t => amsgrad_eta eps alpha beta2 g t i * (moments b g t i)²))
      with (sum T (fun t => amsgrad_eta eps alpha beta2 g t i * (moment b (fun s => g s i) (S t))²)).
    set (N := sum T (fun t => amsgrad_eta eps alpha beta2 g t i * (moment b (fun s => g s i) (S t))²)) in *.
    set (B := alpha * sqrt (1 + ln (INR T)) / (2 * sqrt (1 - beta2)) * sqrt (sum T (squares g i))) in *.
    replace (last i) with ((1 + beta1) / (2 * (1 - beta1)²) * (2 * B)) by (unfold B; unfold Rsqr; field; lra).
    replace ((1 + beta1) / (2 * (1 - beta1)) * N) with ((1 + beta1) / (2 * (1 - beta1)²) * ((1 - beta1) * N))
      by (unfold Rsqr; field; lra).
    apply Rmult_le_compat_l; [|lra].
    left. apply Rdiv_lt_0_compat; [lra|]. apply Rmult_lt_0_compat; [lra|]. apply Rlt_0_sqr. lra.
Qed.

Local Lemma fading_below_published c : 0 <= c -> 0 < beta2 -> beta1 < sqrt beta2 ->
  fading_bound T d eps alpha beta1 beta2 lo hi g <= published_bound c T d eps alpha beta1 beta2 b lo hi g.
Proof.
  intros Hc H2 Hg. apply sum_le; intros i _. apply Rplus_le_compat; [|apply published_last; auto].
  pose proof (Rle_0_sqr (hi i - lo i)) as HD. set (D2 := (hi i - lo i)²) in *.
  pose proof (sqrt_pos (INR T * (eps + vmax beta2 (squares g i) T))) as Hs.
  assert (Pa : 0 < / (1 - beta1)) by (apply Rinv_0_lt_compat; lra).
  assert (P : 0 < / (alpha * (1 - beta1))) by (apply Rinv_0_lt_compat, Rmult_lt_0_compat; lra).
  set (s := sqrt (INR T * (eps + vmax beta2 (squares g i) T))) in *.
  replace (D2 / (2 * alpha * (1 - beta1)) * s) with (1 / 2 * (D2 * / (alpha * (1 - beta1)) * s)) by (field; lra).
  assert (0 <= D2 * / (alpha * (1 - beta1)) * s) by (apply Rmult_le_pos; [apply Rmult_le_pos; lra | auto]).
  assert (0 <= c * D2 / (1 - beta1) * sum T (fun t => b t * w i t)).
  { apply Rmult_le_pos; [apply Rmult_le_pos; [apply Rmult_le_pos; lra | lra]|].
    apply sum_nonneg; intros t _. pose proof (b_up t). apply Rmult_le_pos; [lra | apply w_nonneg]. }
  unfold Rdiv at 3. unfold amsgrad_h in *. lra.
Qed.

(* Without order among the decays the weights' increments add up to the second term once more. *)
Local Lemma published_any_of : 0 < beta2 -> beta1 < sqrt beta2 ->
  let X := online (amsgrad_eta eps alpha beta2 g) (moments b g) lo hi x0 in
  (forall t u, f t u >= f t (X t) + dot d (g t) (fun i => u i - X t i)) ->
  sum T (fun t => f t (X t) - f t u) <= published_bound 1 T d eps alpha beta1 beta2 b lo hi g.
Proof.
  intros H2 Hg X Hf.
  assert (E : forall i t, w i t / (1 - b t) = w i t + b t / (1 - b t) * w i t).
  { intros i t. pose proof (b_up t). field. lra. }
  assert (P : forall i t, 0 <= b t / (1 - b t) * w i t).
  { intros i t. pose proof (b_up t). apply Rmult_le_pos; [|apply w_nonneg].
    apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; lra]. }
  apply Rle_trans with (1 := schedule_of (fun i => h i) (fun i t => w i t + sum (S t) (fun s => b s / (1 - b s) * w i s))
    amsgrad_h_eps amsgrad_h_mono amsgrad_h_low
    ltac:(intros i; cbv beta zeta; rewrite E, (sum_S O); cbn [sum]; lra)
    ltac:(intros i t; cbv beta zeta; rewrite !E, (sum_S (S t)); pose proof (w_mono i t); pose proof (P i t); pose proof (P i (S t));
          split; lra)
    Hf).
  apply sum_le; intros i _. apply Rplus_le_compat; [|apply published_last; auto].
  apply Rle_trans with (2 := published_distances i 1 1 ltac:(lra)
    (Rle_trans _ _ _ (proj1 (a_between O)) (proj2 (a_between O)))).
  right. f_equal. destruct T as [|T']; [lia|]. replace (S T' - 1)%nat with T' by lia. lra.
Qed.
End Methods.

Section AdamX.
Variables (d : nat) (lo hi x0 : vec) (g : nat -> vec) (eps alpha beta1 beta2 : R) (b : nat -> R).
Hypothesis x0_in : forall i, (i < d)%nat -> lo i <= x0 i <= hi i.
Hypothesis eps_pos : 0 < eps.
Hypothesis alpha_pos : 0 < alpha.
Hypothesis beta1_01 : 0 <= beta1 < 1.
Hypothesis beta2_01 : 0 <= beta2 < 1.
Hypothesis b_up : forall t, 0 <= b t <= beta1.
Hypothesis b_mono : forall t, b (S t) <= b t.
Variable f : nat -> vec -> R.
Variables (T : nat) (u : vec).
Hypothesis T_pos : (0 < T)%nat.
Hypothesis u_in : forall i, (i < d)%nat -> lo i <= u i <= hi i.
Local Notation h i := (adamx_h eps beta2 b (squares g i)).
Local Notation w i t := (sqrt (INR (S t) * h i t) / alpha).

Local Lemma adamx_v i t : eps + v beta2 (squares g i) (S t) <= h i t.
Proof. destruct t as [|t]; [right; reflexivity | apply Rmax_r]. Qed.

Local Lemma adamx_h_eps i t : eps <= h i t.
Proof.
  pose proof (adamx_v i t) as H. pose proof (v_nonneg beta2 (squares g i) (S t) ltac:(lra) (squares_nonneg g i)). lra.
Qed.

Local Lemma adamx_h_low i t : (1 - beta2) * (g t i)² <= h i t.
Proof.
  apply Rle_trans with (2 := adamx_v i t). simpl.
  pose proof (v_nonneg beta2 (squares g i) t ltac:(lra) (squares_nonneg g i)).
  assert (0 <= beta2 * v beta2 (squares g i) t) by (apply Rmult_le_pos; lra). unfold squares at 2. lra.
Qed.

(* What AMSGrad lacks: h_t/(1-beta_t)^2 does not decrease. *)
Local Lemma adamx_ratio i t : (/ (1 - b t))² * h i t <= (/ (1 - b (S t)))² * h i (S t).
Proof.
  pose proof (b_up t). pose proof (b_up (S t)).
  apply Rle_trans with ((/ (1 - b (S t)))² * (((1 - b (S t)) / (1 - b t))² * h i t)).
  - right. unfold Rsqr. field. lra.
  - apply Rmult_le_compat_l; [apply Rle_0_sqr | apply Rmax_l].
Qed.

Local Lemma adamx_h_mono i t : h i t <= h i (S t).
Proof.
  apply Rle_trans with (((1 - b (S t)) / (1 - b t))² * h i t); [|apply Rmax_l].
  pose proof (b_up t). pose proof (b_mono t). pose proof (adamx_h_eps i t).
  rewrite <- (Rmult_1_l (h i t)) at 1. apply Rmult_le_compat_r; [lra|].
  assert (Q : 1 <= (1 - b (S t)) / (1 - b t)).
  { apply Rmult_le_reg_r with (1 - b t); [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l; lra. }
  rewrite <- Rsqr_1 at 1. apply Rsqr_incr_1; lra.
Qed.

Theorem adamx_weights_rise i t : sqrt (INR (S t) * h i t) / (alpha * (1 - b t))
  <= sqrt (INR (S (S t)) * h i (S t)) / (alpha * (1 - b (S t))).
Proof.
  assert (E : forall t, sqrt (INR (S t) * h i t) / (alpha * (1 - b t))
                        = sqrt (INR (S t) * ((/ (1 - b t))² * h i t)) / alpha).
  { intros s. pose proof (b_up s). assert (P : 0 < / (1 - b s)) by (apply Rinv_0_lt_compat; lra).
    replace (INR (S s) * ((/ (1 - b s))² * h i s)) with ((/ (1 - b s))² * (INR (S s) * h i s)) by ring.
    rewrite (sqrt_mult_alt ((/ (1 - b s))²)), sqrt_Rsqr by (try apply Rle_0_sqr; lra). field. lra. }
  rewrite !E. apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; auto|]. apply sqrt_le_1_alt.
  apply Rmult_le_compat; auto using pos_INR; [|apply le_INR; lia | apply adamx_ratio].
  apply Rmult_le_pos; [apply Rle_0_sqr|]. pose proof (adamx_h_eps i t). lra.
Qed.

Local Lemma adamx_of : let X := online (adamx_eta eps alpha beta2 b g) (moments b g) lo hi x0 in
  (forall t u, f t u >= f t (X t) + dot d (g t) (fun i => u i - X t i)) ->
  sum T (fun t => f t (X t) - f t u) <= adamx_bound T d eps alpha beta1 beta2 b lo hi g.
Proof.
  intros X Hf.
  assert (E : forall i t, w i t / (1 - b t) = sqrt (INR (S t) * h i t) / (alpha * (1 - b t))).
  { intros i t. pose proof (b_up t). field. lra. }
  apply Rle_trans with (1 := schedule_of d lo hi x0 g eps alpha beta1 beta2 b x0_in eps_pos alpha_pos beta1_01 beta2_01
    b_up f T u T_pos u_in (fun i => h i) (fun i t => w i t / (1 - b t)) adamx_h_eps adamx_h_mono adamx_h_low
    ltac:(intros i; cbv beta zeta; lra)
    ltac:(intros i t; cbv beta zeta; split; [rewrite !E; apply adamx_weights_rise | lra])
    Hf).
  apply sum_le; intros i _. right. destruct T as [|T']; [lia|]. replace (S T' - 1)%nat with T' by lia. cbv beta.
  rewrite E. reflexivity.
Qed.
End AdamX.

Section Apriori.
Variables (d : nat) (lo hi : vec) (g : nat -> vec) (D G eps alpha beta1 beta2 : R) (T : nat).
Hypothesis g_bnd : forall t i, (i < d)%nat -> Rabs (g t i) <= G.
Hypothesis width : forall i, (i < d)%nat -> 0 <= hi i - lo i <= D.
Hypothesis eps_pos : 0 < eps.
Hypothesis alpha_pos : 0 < alpha.
Hypothesis beta1_01 : 0 <= beta1 < 1.
Hypothesis beta2_01 : 0 < beta2 < 1.
Hypothesis T_pos : (0 < T)%nat.
Let b := fading beta1.

Local Lemma fading_up t : 0 <= b t <= beta1.
Proof.
  unfold b, fading. pose proof (INR_S_pos t) as H. assert (1 <= INR (S t)) by (rewrite S_INR; pose proof (pos_INR t); lra).
  split; [apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; auto]|].
  apply Rmult_le_reg_r with (INR (S t)); [auto|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l; nra.
Qed.

Local Lemma fading_mono t : b (S t) <= b t.
Proof.
  unfold b, fading. apply Rmult_le_compat_l; [lra|]. apply Rinv_le_contravar; [apply INR_S_pos|].
  rewrite (S_INR (S t)). lra.
Qed.

Local Notation R := (radius eps G).
Local Notation sq i := (squares g i).

Local Lemma root_up q t : 0 <= q <= eps + G² -> sqrt (INR (S t) * q) <= sqrt (INR (S t)) * R.
Proof.
  intros Hq. unfold radius. pose proof (INR_S_pos t). pose proof (Rle_0_sqr G). rewrite <- sqrt_mult by lra.
  apply sqrt_le_1_alt, Rmult_le_compat_l; lra.
Qed.

Local Lemma vmax_in i t : (i < d)%nat -> 0 <= eps + vmax beta2 (sq i) t <= eps + G².
Proof.
  intros Hi. pose proof (vmax_nonneg beta2 (sq i) t).
  pose proof (vmax_up beta2 (sq i) G² t ltac:(lra) (Rle_0_sqr G) (Regret.squares_up d g G g_bnd i Hi)). lra.
Qed.

Local Lemma size_up i : (i < d)%nat -> sqrt (sum T (sq i)) <= sqrt (INR T) * G.
Proof.
  intros Hi. assert (HG : 0 <= G) by (apply Rle_trans with (2 := g_bnd 0%nat i Hi), Rabs_pos).
  rewrite <- (sqrt_Rsqr G) by auto. rewrite <- sqrt_mult by (try apply Rle_0_sqr; apply pos_INR).
  apply sqrt_le_1_alt, sum_le_const. intros t _. apply (Regret.squares_up d g G); auto.
Qed.

Local Lemma square_up i : (i < d)%nat -> 0 <= (hi i - lo i)² <= D².
Proof. intros Hi. pose proof (width i Hi). split; [apply Rle_0_sqr | unfold Rsqr; nra]. Qed.

(* sum beta_t sqrt t <= 2 beta1 sqrt T. *)
Local Lemma fading_sum : sum T (fun t => b t * sqrt (INR (S t))) <= 2 * beta1 * sqrt (INR T).
Proof.
  apply Rle_trans with (beta1 * sum T (fun t => / sqrt (INR (S t)))).
  - rewrite <- sum_scal. right. apply sum_ext; intros t _. unfold b, fading. pose proof (INR_S_pos t) as H.
    pose proof (sqrt_lt_R0 _ H) as Hs. rewrite <- (sqrt_sqrt (INR (S t))) at 1 by lra. field. lra.
  - pose proof (Rmult_le_compat_l beta1 _ _ ltac:(lra) (inverse_root_sum T)). lra.
Qed.

Local Lemma fading_apriori : fading_bound T d eps alpha beta1 beta2 lo hi g
  <= fading_right (INR T) (INR d) D G eps alpha beta1 beta2.
Proof.
  unfold fading_right. rewrite Rmult_assoc. apply sum_le_const. intros i Hi.
  apply (RegretMomentum.slower d lo hi g D G eps alpha beta1 T); auto.
  - split; [apply vmax_nonneg | apply vmax_up; [lra | apply Rle_0_sqr | apply (Regret.squares_up d g G); auto]].
  - pose proof (sqrt_lt_R0 (1 - beta2) ltac:(lra)) as Hw.
    apply Rmult_le_pos; [apply Rmult_le_pos; [apply Rmult_le_pos; lra | apply sqrt_pos]|]. left.
    apply Rinv_0_lt_compat, Rmult_lt_0_compat; [apply Rmult_lt_0_compat; [lra | apply Rlt_0_sqr; lra] | auto].
Qed.

Local Lemma published_apriori : beta1 < sqrt beta2 -> published_bound (1 / 2) T d eps alpha beta1 beta2 b lo hi g
  <= published_right (INR T) (INR d) D G eps alpha beta1 beta2.
Proof.
  intros Hg. unfold published_right. rewrite Rmult_assoc. apply sum_le_const. intros i Hi.
  pose proof (sqrt_lt_R0 (1 - beta2) ltac:(lra)) as Hw. pose proof (sqrt_lt_R0 beta2 ltac:(lra)) as Hs.
  pose proof (radius_pos eps G eps_pos) as HR. destruct (square_up i Hi) as [D0 D1].
  assert (Pa : 0 < / (alpha * (1 - beta1))) by (apply Rinv_0_lt_compat, Rmult_lt_0_compat; lra).
  set (C := alpha * sqrt (1 + ln (INR T)) / ((1 - beta1)² * (1 - beta1 / sqrt beta2) * sqrt (1 - beta2))).
  assert (HC : 0 <= C).
  { apply Rmult_le_pos; [apply Rmult_le_pos; [lra | apply sqrt_pos]|]. left. apply Rinv_0_lt_compat.
    apply Rmult_lt_0_compat; [apply Rmult_lt_0_compat; [apply Rlt_0_sqr; lra|]|auto].
    assert (beta1 / sqrt beta2 < 1); [|lra]. apply Rmult_lt_reg_r with (sqrt beta2); [auto|].
    unfold Rdiv. rewrite Rmult_assoc, Rinv_l; lra. }
  assert (H1 : sqrt (INR T * (eps + vmax beta2 (sq i) T)) <= sqrt (INR T) * R).
  { destruct T as [|T']; [lia|]. apply root_up, vmax_in. auto. }
  assert (H2 : sum T (fun t => b t * (sqrt (INR (S t) * (eps + vmax beta2 (sq i) (S t))) / alpha))
               <= R / alpha * (2 * beta1 * sqrt (INR T))).
  { apply Rle_trans with (R / alpha * sum T (fun t => b t * sqrt (INR (S t)))).
    - rewrite <- sum_scal. apply sum_le; intros t _. pose proof (fading_up t).
      pose proof (root_up _ t (vmax_in i (S t) Hi)) as Q.
      replace (R / alpha * (b t * sqrt (INR (S t)))) with (b t * (sqrt (INR (S t)) * R / alpha)) by (field; lra).
      apply Rmult_le_compat_l; [lra|]. apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; auto | auto].
    - apply Rmult_le_compat_l; [left; apply Rdiv_lt_0_compat; auto | apply fading_sum]. }
  pose proof (size_up i Hi) as H3. pose proof (sqrt_pos (INR T)) as HT.
  apply Rle_trans with (D² / (alpha * (1 - beta1)) * (sqrt (INR T) * R)
    + 1 / 2 * D² / (1 - beta1) * (R / alpha * (2 * beta1 * sqrt (INR T))) + C * (sqrt (INR T) * G)).
  - apply Rplus_le_compat; [apply Rplus_le_compat|].
    + apply Rmult_le_compat; auto using sqrt_pos; [apply Rmult_le_pos; lra | apply Rmult_le_compat_r; lra].
    + assert (P1 : 0 < / (1 - beta1)) by (apply Rinv_0_lt_compat; lra). apply Rmult_le_compat; auto.
      * apply Rmult_le_pos; lra.
      * apply sum_nonneg; intros t _. pose proof (fading_up t). apply Rmult_le_pos; [lra|].
        apply Rmult_le_pos; [apply sqrt_pos | left; apply Rinv_0_lt_compat; auto].
      * apply Rmult_le_compat_r; lra.
    + apply Rmult_le_compat_l; auto.
  - right. unfold C. set (q := alpha * sqrt (1 + ln (INR T)) / _). field. lra.
Qed.

(* h_t <= ((1-beta_t)/(1-beta1))^2 R^2 *)
Local Lemma adamx_h_up i t : (i < d)%nat -> adamx_h eps beta2 b (sq i) t <= (1 - b t)² * ((/ (1 - beta1))² * R²).
Proof.
  intros Hi. assert (ER : R² = eps + G²).
  { unfold radius. apply Rsqr_sqrt. pose proof (Rle_0_sqr G). lra. }
  assert (V : forall t, eps + v beta2 (sq i) t <= (1 - b (t - 1))² * ((/ (1 - beta1))² * R²)).
  { intros s. pose proof (fading_up (s - 1)) as B.
    pose proof (v_up beta2 (sq i) G² s ltac:(lra) (Rle_0_sqr G) (Regret.squares_up d g G g_bnd i Hi)) as Q.
    apply Rle_trans with (1 * R²); [lra|]. rewrite <- Rmult_assoc, <- Rsqr_mult.
    apply Rmult_le_compat_r; [apply Rle_0_sqr|].
    assert (1 <= (1 - b (s - 1)%nat) * / (1 - beta1)).
    { apply Rmult_le_reg_r with (1 - beta1); [lra|]. rewrite Rmult_assoc, Rinv_l; lra. }
    rewrite <- Rsqr_1 at 1. apply Rsqr_incr_1; lra. }
  induction t as [|t IH]; [exact (V 1%nat)|]. cbn [adamx_h]. apply Rmax_lub.
  - pose proof (fading_up t) as B. apply Rle_trans with
      (((1 - b (S t)) / (1 - b t))² * ((1 - b t)² * ((/ (1 - beta1))² * R²))).
    + apply Rmult_le_compat_l; [apply Rle_0_sqr | exact IH].
    + right. unfold Rsqr. field. lra.
  - pose proof (V (S (S t))) as H. replace (S (S t) - 1)%nat with (S t) in H by lia. exact H.
Qed.

Local Lemma adamx_apriori : adamx_bound T d eps alpha beta1 beta2 b lo hi g
  <= adamx_right (INR T) (INR d) D G eps alpha beta1 beta2.
Proof.
  unfold adamx_right. rewrite Rmult_assoc. apply sum_le_const. intros i Hi.
  pose proof (sqrt_lt_R0 (1 - beta2) ltac:(lra)) as Hw. pose proof (radius_pos eps G eps_pos) as HR.
  destruct (square_up i Hi) as [D0 D1]. assert (P1 : 0 < / (1 - beta1)) by (apply Rinv_0_lt_compat; lra).
  set (C := (1 + beta1) * alpha * sqrt (1 + ln (INR T)) / (2 * (1 - beta1)² * sqrt (1 - beta2))).
  assert (HC : 0 <= C).
  { apply Rmult_le_pos; [apply Rmult_le_pos; [apply Rmult_le_pos; lra | apply sqrt_pos]|]. left.
    apply Rinv_0_lt_compat, Rmult_lt_0_compat; [apply Rmult_lt_0_compat; [lra | apply Rlt_0_sqr; lra] | auto]. }
  (* sqrt(t h_t)/(1-beta_t) <= sqrt t R/(1-beta1) *)
  assert (W : forall t, sqrt (INR (S t) * adamx_h eps beta2 b (sq i) t) <= (1 - b t) * (sqrt (INR (S t)) * (/ (1 - beta1) * R))).
  { intros t. pose proof (fading_up t) as B. pose proof (INR_S_pos t) as It.
    apply Rle_trans with (sqrt (INR (S t) * ((1 - b t)² * ((/ (1 - beta1))² * R²)))).
    - apply sqrt_le_1_alt, Rmult_le_compat_l; [lra | apply adamx_h_up; auto].
    - right. rewrite sqrt_mult_alt by lra.
      replace ((1 - b t)² * ((/ (1 - beta1))² * R²)) with (((1 - b t) * (/ (1 - beta1) * R))²) by (unfold Rsqr; ring).
      rewrite sqrt_Rsqr; [ring|]. apply Rmult_le_pos; [lra|]. apply Rmult_le_pos; lra. }
  assert (H1 : sqrt (INR T * adamx_h eps beta2 b (sq i) (T - 1)) / (alpha * (1 - b (T - 1)%nat))
               <= sqrt (INR T) * (/ (1 - beta1) * R) / alpha).
  { destruct T as [|T']; [lia|]. replace (S T' - 1)%nat with T' by lia. pose proof (fading_up T') as B.
    apply Rmult_le_reg_r with (alpha * (1 - b T')); [apply Rmult_lt_0_compat; lra|].
    unfold Rdiv at 1. rewrite Rmult_assoc, Rinv_l by (apply Rgt_not_eq, Rmult_lt_0_compat; lra).
    rewrite Rmult_1_r. apply Rle_trans with (1 := W T'). right. field. lra. }
  assert (H2 : sum T (fun t => b t / (1 - b t) * (sqrt (INR (S t) * adamx_h eps beta2 b (sq i) t) / alpha))
               <= / (1 - beta1) * R / alpha * (2 * beta1 * sqrt (INR T))).
  { apply Rle_trans with (/ (1 - beta1) * R / alpha * sum T (fun t => b t * sqrt (INR (S t)))).
    - rewrite <- sum_scal. apply sum_le; intros t _. pose proof (fading_up t) as B.
      apply Rle_trans with (b t / (1 - b t) * ((1 - b t) * (sqrt (INR (S t)) * (/ (1 - beta1) * R)) / alpha)).
      + apply Rmult_le_compat_l; [apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; lra]|].
        apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; auto | apply W].
      + right. field. lra.
    - apply Rmult_le_compat_l; [|apply fading_sum]. apply Rmult_le_pos; [apply Rmult_le_pos; lra|].
      left. apply Rinv_0_lt_compat; auto. }
  pose proof (size_up i Hi) as H3.
  apply Rle_trans with (D² / 2 * (sqrt (INR T) * (/ (1 - beta1) * R) / alpha
    + / (1 - beta1) * R / alpha * (2 * beta1 * sqrt (INR T))) + C * (sqrt (INR T) * G)).
  - apply Rplus_le_compat; [|apply Rmult_le_compat_l; auto]. apply Rmult_le_compat; [lra| |lra|lra].
    apply Rplus_le_le_0_compat.
    + pose proof (fading_up (T - 1)) as B. apply Rmult_le_pos; [apply sqrt_pos|].
      left. apply Rinv_0_lt_compat, Rmult_lt_0_compat; lra.
    + apply sum_nonneg; intros t _. pose proof (fading_up t) as B. apply Rmult_le_pos.
      * apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; lra].
      * apply Rmult_le_pos; [apply sqrt_pos | left; apply Rinv_0_lt_compat; auto].
  - right. unfold C. set (q := (1 + beta1) * alpha * sqrt (1 + ln (INR T)) / _). field. lra.
Qed.
End Apriori.

(* In full. Any schedule; then beta_t = beta1/t with gradients below G on a box of width D. *)
Theorem amsgrad_fading_data T d lo hi x0 g f u eps alpha beta1 beta2 b :
  (forall i, (i < d)%nat -> lo i <= x0 i <= hi i) -> (forall i, (i < d)%nat -> lo i <= u i <= hi i) ->
  0 < eps -> 0 < alpha -> 0 <= beta1 < 1 -> 0 <= beta2 < 1 -> (0 < T)%nat ->
  (forall t, 0 <= b t <= beta1) -> (forall t, b (S t) <= b t) ->
  (forall t u, f t u >= f t (online (amsgrad_eta eps alpha beta2 g) (moments b g) lo hi x0 t)
      + dot d (g t) (fun i => u i - online (amsgrad_eta eps alpha beta2 g) (moments b g) lo hi x0 t i)) ->
  sum T (fun t => f t (online (amsgrad_eta eps alpha beta2 g) (moments b g) lo hi x0 t) - f t u)
  <= fading_bound T d eps alpha beta1 beta2 lo hi g.
Proof. intros. apply (fading_of d) with (b := b); auto. Qed.

Theorem amsgrad_published_data T d lo hi x0 g f u eps alpha beta1 beta2 b :
  (forall i, (i < d)%nat -> lo i <= x0 i <= hi i) -> (forall i, (i < d)%nat -> lo i <= u i <= hi i) ->
  0 < eps -> 0 < alpha -> 0 <= beta1 < 1 -> 0 < beta2 < 1 -> beta1 < sqrt beta2 -> (0 < T)%nat ->
  (forall t, 0 <= b t <= beta1) -> (forall t, b (S t) <= b t) ->
  (forall t u, f t u >= f t (online (amsgrad_eta eps alpha beta2 g) (moments b g) lo hi x0 t)
      + dot d (g t) (fun i => u i - online (amsgrad_eta eps alpha beta2 g) (moments b g) lo hi x0 t i)) ->
  sum T (fun t => f t (online (amsgrad_eta eps alpha beta2 g) (moments b g) lo hi x0 t) - f t u)
  <= published_bound (1 / 2) T d eps alpha beta1 beta2 b lo hi g.
Proof.
  intros Hx Hu He Ha H1 H2 H12 HT Hb Hm Hf.
  apply Rle_trans with (1 := amsgrad_fading_data T d lo hi x0 g f u eps alpha beta1 beta2 b
    Hx Hu He Ha H1 ltac:(lra) HT Hb Hm Hf).
  apply fading_below_published; auto; lra.
Qed.

Theorem amsgrad_published_any_order T d lo hi x0 g f u eps alpha beta1 beta2 b :
  (forall i, (i < d)%nat -> lo i <= x0 i <= hi i) -> (forall i, (i < d)%nat -> lo i <= u i <= hi i) ->
  0 < eps -> 0 < alpha -> 0 <= beta1 < 1 -> 0 < beta2 < 1 -> beta1 < sqrt beta2 -> (0 < T)%nat ->
  (forall t, 0 <= b t <= beta1) ->
  (forall t u, f t u >= f t (online (amsgrad_eta eps alpha beta2 g) (moments b g) lo hi x0 t)
      + dot d (g t) (fun i => u i - online (amsgrad_eta eps alpha beta2 g) (moments b g) lo hi x0 t i)) ->
  sum T (fun t => f t (online (amsgrad_eta eps alpha beta2 g) (moments b g) lo hi x0 t) - f t u)
  <= published_bound 1 T d eps alpha beta1 beta2 b lo hi g.
Proof. intros. apply (published_any_of d); auto; lra. Qed.

Theorem amsgrad_fading_regret T d lo hi x0 g f u D G eps alpha beta1 beta2 :
  (forall t i, (i < d)%nat -> Rabs (g t i) <= G) -> (forall i, (i < d)%nat -> 0 <= hi i - lo i <= D) ->
  (forall i, (i < d)%nat -> lo i <= x0 i <= hi i) -> (forall i, (i < d)%nat -> lo i <= u i <= hi i) ->
  0 < eps -> 0 < alpha -> 0 <= beta1 < 1 -> 0 < beta2 < 1 -> (0 < T)%nat ->
  (forall t u, f t u >= f t (online (amsgrad_eta eps alpha beta2 g) (moments (fading beta1) g) lo hi x0 t)
      + dot d (g t) (fun i => u i - online (amsgrad_eta eps alpha beta2 g) (moments (fading beta1) g) lo hi x0 t i)) ->
  sum T (fun t => f t (online (amsgrad_eta eps alpha beta2 g) (moments (fading beta1) g) lo hi x0 t) - f t u)
  <= fading_right (INR T) (INR d) D G eps alpha beta1 beta2.
Proof.
  intros Hg HD Hx Hu He Ha H1 H2 HT Hf.
  apply Rle_trans with (2 := fading_apriori d lo hi g D G eps alpha beta1 beta2 T Hg HD He Ha H1 H2 HT).
  apply (amsgrad_fading_data T d lo hi x0 g f u eps alpha beta1 beta2 (fading beta1)); auto; try lra.
  - apply fading_up. lra.
  - apply fading_mono. lra.
Qed.

Theorem amsgrad_published_regret T d lo hi x0 g f u D G eps alpha beta1 beta2 :
  (forall t i, (i < d)%nat -> Rabs (g t i) <= G) -> (forall i, (i < d)%nat -> 0 <= hi i - lo i <= D) ->
  (forall i, (i < d)%nat -> lo i <= x0 i <= hi i) -> (forall i, (i < d)%nat -> lo i <= u i <= hi i) ->
  0 < eps -> 0 < alpha -> 0 <= beta1 < 1 -> 0 < beta2 < 1 -> beta1 < sqrt beta2 -> (0 < T)%nat ->
  (forall t u, f t u >= f t (online (amsgrad_eta eps alpha beta2 g) (moments (fading beta1) g) lo hi x0 t)
      + dot d (g t) (fun i => u i - online (amsgrad_eta eps alpha beta2 g) (moments (fading beta1) g) lo hi x0 t i)) ->
  sum T (fun t => f t (online (amsgrad_eta eps alpha beta2 g) (moments (fading beta1) g) lo hi x0 t) - f t u)
  <= published_right (INR T) (INR d) D G eps alpha beta1 beta2.
Proof.
  intros Hg HD Hx Hu He Ha H1 H2 H12 HT Hf.
  apply Rle_trans with (2 := published_apriori d lo hi g D G eps alpha beta1 beta2 T Hg HD He Ha H1 H2 HT H12).
  apply (amsgrad_published_data T d lo hi x0 g f u eps alpha beta1 beta2 (fading beta1)); auto.
  - apply fading_up. lra.
  - apply fading_mono. lra.
Qed.

Theorem adamx_regret_data T d lo hi x0 g f u eps alpha beta1 beta2 b :
  (forall i, (i < d)%nat -> lo i <= x0 i <= hi i) -> (forall i, (i < d)%nat -> lo i <= u i <= hi i) ->
  0 < eps -> 0 < alpha -> 0 <= beta1 < 1 -> 0 <= beta2 < 1 -> (0 < T)%nat ->
  (forall t, 0 <= b t <= beta1) -> (forall t, b (S t) <= b t) ->
  (forall t u, f t u >= f t (online (adamx_eta eps alpha beta2 b g) (moments b g) lo hi x0 t)
      + dot d (g t) (fun i => u i - online (adamx_eta eps alpha beta2 b g) (moments b g) lo hi x0 t i)) ->
  sum T (fun t => f t (online (adamx_eta eps alpha beta2 b g) (moments b g) lo hi x0 t) - f t u)
  <= adamx_bound T d eps alpha beta1 beta2 b lo hi g.
Proof. intros. apply (adamx_of d); auto. Qed.

Theorem adamx_regret T d lo hi x0 g f u D G eps alpha beta1 beta2 :
  (forall t i, (i < d)%nat -> Rabs (g t i) <= G) -> (forall i, (i < d)%nat -> 0 <= hi i - lo i <= D) ->
  (forall i, (i < d)%nat -> lo i <= x0 i <= hi i) -> (forall i, (i < d)%nat -> lo i <= u i <= hi i) ->
  0 < eps -> 0 < alpha -> 0 <= beta1 < 1 -> 0 < beta2 < 1 -> (0 < T)%nat ->
  (forall t u, f t u >= f t (online (adamx_eta eps alpha beta2 (fading beta1) g) (moments (fading beta1) g) lo hi x0 t)
      + dot d (g t) (fun i => u i
          - online (adamx_eta eps alpha beta2 (fading beta1) g) (moments (fading beta1) g) lo hi x0 t i)) ->
  sum T (fun t => f t (online (adamx_eta eps alpha beta2 (fading beta1) g) (moments (fading beta1) g) lo hi x0 t) - f t u)
  <= adamx_right (INR T) (INR d) D G eps alpha beta1 beta2.
Proof.
  intros Hg HD Hx Hu He Ha H1 H2 HT Hf.
  apply Rle_trans with (2 := adamx_apriori d lo hi g D G eps alpha beta1 beta2 T Hg HD He Ha H1 H2 HT).
  apply (adamx_regret_data T d lo hi x0 g f u eps alpha beta1 beta2 (fading beta1)); auto; try lra.
  - apply fading_up. lra.
  - apply fading_mono. lra.
Qed.

(* The step of the published proof: these weights of AMSGrad do not decrease. With beta_t = 1/(2t) they do after one
   gradient 1 and one gradient 0, for every eps, alpha and beta2: sqrt 2/(1 - 1/4) < 1/(1 - 1/2). *)
Definition amsgrad_weight (eps alpha beta1 beta2 : R) (x : nat -> R) (t : nat) : R :=
  sqrt (INR (S t) * amsgrad_h eps beta2 (fading beta1) x t) / (alpha * (1 - fading beta1 t)).
Definition one_zero (t : nat) : R := match t with O => 1 | S _ => 0 end.

Theorem amsgrad_weights_fall eps alpha beta2 : 0 < eps -> 0 < alpha -> 0 <= beta2 < 1 ->
  amsgrad_weight eps alpha (1 / 2) beta2 one_zero 1 < amsgrad_weight eps alpha (1 / 2) beta2 one_zero 0.
Proof.
  intros He Ha Hb. unfold amsgrad_weight, amsgrad_h, fading, one_zero.
  set (h := eps + (1 - beta2)). assert (Ph : 0 < h) by (unfold h; lra).
  replace (eps + vmax beta2 (fun t => match t with O => 1 | S _ => 0 end) 1) with h.
  2:{ unfold h. simpl. rewrite Rmax_right; lra. }
  replace (eps + vmax beta2 (fun t => match t with O => 1 | S _ => 0 end) 2) with h.
  2:{ unfold h. simpl. rewrite (Rmax_right 0) by lra. rewrite Rmax_left; nra. }
  simpl (INR 1). simpl (INR 2). rewrite Rmult_1_l, sqrt_mult_alt by lra. pose proof (sqrt_lt_R0 h Ph) as Hs.
  assert (H2 : sqrt (1 + 1) < 3 / 2).
  { rewrite <- (sqrt_Rsqr (3 / 2)) by lra. apply sqrt_lt_1; unfold Rsqr; lra. }
  replace (sqrt (1 + 1) * sqrt h / (alpha * (1 - 1 / 2 / (1 + 1)))) with (sqrt h / alpha * (4 / 3 * sqrt (1 + 1)))
    by (field; lra).
  replace (sqrt h / (alpha * (1 - 1 / 2 / 1))) with (sqrt h / alpha * 2) by (field; lra).
  apply Rmult_lt_compat_l; [apply Rdiv_lt_0_compat; auto | lra].
Qed.
